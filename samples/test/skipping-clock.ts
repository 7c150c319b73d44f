import type { Clock } from "perdure";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Laps of the event loop without a new sleeper, after which nothing more can happen until time passes. */
const IDLE_LAPS = 4;

/** Skips the time in which nothing happens: a month is over in a moment. */
export class SkippingClock implements Clock {
  #now = Date.now();
  #idleLaps = 0;
  #isStopped = false;
  readonly #sleepers = new Set<Sleeper>();

  constructor() {
    this.lap();
  }

  now(): number {
    return this.#now;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        at: this.#now + delayMs,
        wake: () => {
          this.#sleepers.delete(sleeper);
          this.#idleLaps = 0;
          signal?.removeEventListener("abort", sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      this.#idleLaps = 0;
      signal?.addEventListener("abort", sleeper.wake);
      if (signal?.aborted) sleeper.wake();
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  private lap(): void {
    if (this.#isStopped) return;
    if (++this.#idleLaps > IDLE_LAPS) this.skip();
    setImmediate(() => this.lap());
  }

  private skip(): void {
    const next = [...this.#sleepers].reduce<Sleeper | undefined>(
      (first, sleeper) => (first && first.at <= sleeper.at ? first : sleeper),
      undefined,
    );
    if (!next) return;
    this.#now = Math.max(this.#now, next.at);
    next.wake();
  }
}
