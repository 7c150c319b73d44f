import { closeSync, openSync, watch, writeFile } from "node:fs";
import type { FSWatcher } from "node:fs";

/**
 * Wakes whoever works on the hub, in this process and in others: those watch a small file beside the hub's, which
 * ringing touches. It only says that there is something to look for.
 */
export class Bell {
  readonly #listeners = new Set<() => void>();
  #watcher: FSWatcher | undefined;

  constructor(private readonly file: string) {}

  listen(listener: () => void): void {
    this.#listeners.add(listener);
    if (this.#watcher) return;
    closeSync(openSync(this.file, "a"));
    this.#watcher = watch(this.file, { persistent: false }, () => this.announce());
    this.#watcher.on("error", () => undefined); // listeners also look from time to time
  }

  unlisten(listener: () => void): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) this.close();
  }

  ring(): void {
    this.announce();
    writeFile(this.file, "!", { flag: "r+" }, () => undefined); // nobody has ever listened: there is no file
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  private announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
