import type { Clock } from "@perdure/core";

/** A clock whose sleeps can be frozen: gives harnesses a backend that hangs. */
export class PausableClock implements Clock {
  #paused = false;

  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.clock.now();
  }

  /** While paused nothing wakes up any more, except by its signal. */
  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await this.clock.sleep(delayMs, signal);
    if (this.#paused && !signal?.aborted) await aborted(signal);
  }

  /** For good. */
  pause(): void {
    this.#paused = true;
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
}
