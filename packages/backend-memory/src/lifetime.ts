import { StorageUnavailableError, Wakeups } from "@perdure/core";
import type { Clock, DueQueue } from "@perdure/core";
import { Breather } from "./breather";

/** Whether a backend object takes work: not at first, then between `start` and `stop`, and never after its death. */
export class Lifetime {
  #run: AbortController | undefined;
  #dead = false;
  readonly #started = new Wakeups();

  readonly #breather = new Breather();

  constructor(readonly clock: Clock) {}

  get isDead(): boolean {
    return this.#dead;
  }

  start(): void {
    if (this.#dead || this.#run) return;
    this.#run = new AbortController();
    this.#started.notify();
  }

  stop(): void {
    this.#run?.abort("stopped");
    this.#run = undefined;
  }

  die(): void {
    this.#dead = true;
    this.stop();
  }

  /** @throws StorageUnavailableError when the process this object stands for has died. */
  assertAlive(): void {
    if (this.#dead)
      throw new StorageUnavailableError("This backend object has crashed. Use another on the same store.");
  }

  /** To be awaited after each step of work. */
  breathe(): Promise<void> {
    return this.#breather.breathe();
  }

  /**
   * Takes the next due item out of `queue` and opens it; what `open` refuses is passed over. Waits for one, and while
   * no work is taken; `undefined` only when `signal` aborts.
   */
  async next<T, R>(
    queue: DueQueue<T>,
    open: (item: T, now: number) => R | undefined,
    signal: AbortSignal,
  ): Promise<R | undefined> {
    await this.breathe();
    while (!signal.aborted) {
      const now = this.clock.now();
      const item = this.#run && queue.take(now);
      if (item !== undefined) {
        const opened = open(item, now);
        if (opened !== undefined) return opened;
      } else if (this.#run) await queue.wait(this.clock, signal, this.#run.signal);
      else await this.#started.wait([signal]);
    }
    return undefined;
  }
}
