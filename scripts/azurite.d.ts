/** What the emulator listens on. */
export interface AzuritePorts {
  readonly blob: number;
  readonly queue: number;
  readonly table: number;
}

/** What is not given is as azurite.json says. */
export interface AzuriteOptions {
  /** Keep all data in memory: it is gone when the emulator ends. False writes it to `location`. */
  readonly inMemory?: boolean;
  /** Folder of the data, relative to the repository's root; given, it means not in memory. */
  readonly location?: string;
  /** Wished ports, 0 for any. When one of them is taken, all three are picked by the system. */
  readonly ports?: Partial<AzuritePorts>;
}

/** A running emulator. It ends with the process that started it, however that ends. */
export interface Azurite {
  readonly connectionString: string;
  readonly pid: number;
  readonly ports: AzuritePorts;
  /** True once the emulator's process has ended. */
  exited(): boolean;
  /** Ends the emulator and resolves when its process is gone; may be called twice. */
  stop(): Promise<void>;
}

/** Starts an Azurite emulator in its own process and resolves when its three services answer. */
export function startAzurite(options?: AzuriteOptions): Promise<Azurite>;
