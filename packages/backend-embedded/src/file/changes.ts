import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { Wakeups } from "@perdure/core";

interface Watched {
  count: number;
  readonly wakeups: Wakeups;
}

/** How long to wait for more after the file has changed. */
const GATHER_MS = 5;

/**
 * Tells who waits that an instance may have changed: what this process commits tells its own waiters exactly; for
 * what others commit, the waiters look whenever the file has changed.
 */
export class Changes {
  readonly #watched = new Map<string, Watched>();
  readonly #foreign = new Wakeups();
  #foreignWaiters = 0;
  #watcher: FSWatcher | undefined;
  #gathering: NodeJS.Timeout | undefined;

  constructor(private readonly file: string) {}

  notify(instanceId: string): void {
    this.#watched.get(instanceId)?.wakeups.notify();
  }

  /** @param isForeign Whether another process may commit the change. */
  async wait(instanceId: string, isForeign: boolean, signal: AbortSignal): Promise<void> {
    let watched = this.#watched.get(instanceId);
    if (!watched) this.#watched.set(instanceId, (watched = { count: 0, wakeups: new Wakeups() }));
    watched.count++;
    if (isForeign) await this.waitForEither(watched.wakeups, signal);
    else await watched.wakeups.wait([signal]);
    if (--watched.count === 0) this.#watched.delete(instanceId);
  }

  private async waitForEither(own: Wakeups, signal: AbortSignal): Promise<void> {
    const over = new AbortController(); // ends the other wait
    this.watchFile();
    await Promise.race([own.wait([signal, over.signal]), this.#foreign.wait([signal, over.signal])]);
    over.abort("over");
    this.unwatchFile();
  }

  close(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  private watchFile(): void {
    this.#foreignWaiters++;
    if (this.#watcher) return;
    this.#watcher = watch(this.file, { persistent: false }, () => {
      this.#gathering ??= setTimeout(() => {
        this.#gathering = undefined;
        this.#foreign.notify();
      }, GATHER_MS);
    });
    this.#watcher.on("error", () => undefined); // waiters also look from time to time
  }

  private unwatchFile(): void {
    if (--this.#foreignWaiters === 0) this.close();
  }
}
