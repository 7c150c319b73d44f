import type { Clock } from "./clock";

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A clock that moves only when told to: time in tests, and nothing sleeps for real. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #sleepers = new Set<Sleeper>();

  /** @param start Milliseconds since the Unix epoch at which time stands still until advanced. */
  constructor(start = Date.UTC(2030, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        at: this.#now + Math.max(0, delayMs),
        order: this.#order++,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener("abort", sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", sleeper.wake, { once: true });
    });
  }

  /** When the next sleeper is due, if anyone sleeps. */
  get nextDue(): number | undefined {
    return this.next()?.at;
  }

  /** Moves to the next sleeper's time and wakes it. False when nobody sleeps at or before `until`. */
  wakeNext(until = Number.POSITIVE_INFINITY): boolean {
    const next = this.next();
    if (!next || next.at > until) return false;
    this.#now = Math.max(this.#now, next.at);
    next.wake();
    return true;
  }

  /** Sets the time without waking anyone, as a corrected machine clock does. */
  jumpTo(time: number): void {
    this.#now = time;
  }

  private next(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (!first || sleeper.at < first.at || (sleeper.at === first.at && sleeper.order < first.order))
        first = sleeper;
    }
    return first;
  }
}
