import { setMaxListeners } from "node:events";
import { StorageUnavailableError, elapsedBy } from "@perdure/core";
import type { Clock } from "@perdure/core";
import type { BlobStore, QueueStore, Storage, TableStore } from "../../src/storage/storage";

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
}

/** A process as storage and time see it: alive, hanging (its timers stop), or dead (its requests fail as well). */
export class Mortal implements Clock {
  #isDead = false;
  readonly #frozen = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly storage: Storage,
  ) {
    setMaxListeners(0, this.#frozen.signal); // every sleep listens
  }

  /** Timers stop for good; requests still reach storage. */
  hang(): void {
    this.#frozen.abort();
  }

  die(): void {
    this.#isDead = true;
    this.hang();
  }

  get isGone(): boolean {
    return this.#frozen.signal.aborted;
  }

  now(): number {
    return this.clock.now();
  }

  elapsed(): number {
    return elapsedBy(this.clock);
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    const end = new AbortController();
    const abort = (): void => end.abort();
    signal?.addEventListener("abort", abort);
    this.#frozen.signal.addEventListener("abort", abort);
    if (signal?.aborted || this.isGone) abort();
    await this.clock.sleep(delayMs, end.signal);
    signal?.removeEventListener("abort", abort);
    this.#frozen.signal.removeEventListener("abort", abort);
    if (this.isGone && !signal?.aborted) await aborted(signal);
  }

  /** The storage of this process. */
  get connection(): Storage {
    return {
      table: (name, options) => this.guard<TableStore>(this.storage.table(name, options)),
      queue: (name) => this.guard<QueueStore>(this.storage.queue(name)),
      container: (name) => this.guard<BlobStore>(this.storage.container(name)),
      keepTime: (keeper) => this.storage.keepTime?.(keeper),
      close: () => this.storage.close(),
    };
  }

  private assertAlive(): void {
    if (this.#isDead) throw new StorageUnavailableError("The process is dead: no request leaves it.");
  }

  private guard<T extends object>(store: T): T {
    return new Proxy(store, {
      get: (target, property) => {
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== "function") return method;
        if (property === "list") return method.bind(target) as unknown;
        return async (...args: unknown[]) => {
          this.assertAlive();
          const result: unknown = await Reflect.apply(method, target, args);
          this.assertAlive();
          return result;
        };
      },
    });
  }
}
