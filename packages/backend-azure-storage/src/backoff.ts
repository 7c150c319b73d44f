import type { Clock } from "@perdure/core";

const MIN_MS = 50;

/**
 * When to look at a queue again: a tenth of the time since it last had something, give or take a tenth, so that
 * waiting adds at most about ten per cent to how long a queue has been idle.
 */
export class PollBackoff {
  #lastBusy: number;
  #wake = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly maxMs: number,
  ) {
    this.#lastBusy = clock.now();
  }

  /** Milliseconds since the queue last had something. */
  get idleMs(): number {
    return Math.max(0, this.clock.now() - this.#lastBusy);
  }

  busy(): void {
    this.#lastBusy = this.clock.now();
  }

  /** Something was put in the queue by this process: look now. */
  wake(): void {
    this.busy();
    this.#wake.abort();
  }

  /** Sleeps until the next look is due, or until woken or `signal` aborts. */
  async pause(signal: AbortSignal): Promise<void> {
    const jitter = 0.9 + Math.random() * 0.2;
    const end = (): void => this.#wake.abort();
    signal.addEventListener("abort", end, { once: true });
    if (!signal.aborted) {
      const pauseMs = Math.min(this.maxMs, Math.round(Math.max(MIN_MS, this.idleMs / 10) * jitter));
      await this.clock.sleep(pauseMs, this.#wake.signal);
    }
    signal.removeEventListener("abort", end);
    this.#wake = new AbortController();
  }
}
