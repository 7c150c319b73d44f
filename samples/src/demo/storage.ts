import { startAzurite } from "../../../scripts/azurite";

/** The storage of a run: an emulator of its own, or an account that was given. */
export interface DemoStorage {
  readonly connectionString: string;
  readonly isEmulator: boolean;
  /** An emulator that `UseDevelopmentStorage=true` finds. */
  readonly isAtUsualPorts: boolean;
  /** In one line, without any secret. */
  readonly description: string;
  /** True once an emulator of its own has ended, whoever ended it. */
  hasEnded(): boolean;
  stop(): Promise<void>;
}

/** @param given A connection string; without one an emulator is started, as azurite.json says. */
export async function openStorage(given: string | undefined): Promise<DemoStorage> {
  if (given) {
    return {
      connectionString: given,
      isEmulator: false,
      isAtUsualPorts: false,
      description: "the storage account of the given connection string",
      hasEnded: () => false,
      stop: () => Promise.resolve(),
    };
  }
  const azurite = await startAzurite();
  const { blob, queue, table } = azurite.ports;
  return {
    connectionString: azurite.connectionString,
    isEmulator: true,
    isAtUsualPorts: blob === 10000 && queue === 10001 && table === 10002,
    description: `Azurite, process ${azurite.pid}, ports ${blob} (blob), ${queue} (queue), ${table} (table)`,
    hasEnded: () => azurite.exited(),
    stop: () => azurite.stop(),
  };
}
