import { elapsedBy } from "@perdure/core";
import type { Clock } from "@perdure/core";

const MIN_MS = 50;
/** While this process works, and what it works on does not come by way of the queue. */
const ACTIVE_MS = 250;

/**
 * When to look at a queue again: a tenth of the time since it last had something, give or take a tenth, so that
 * waiting adds at most about ten per cent to how long a queue has been idle.
 */
export class PollBackoff {
  #lastReceived: number;
  #lastActive: number;
  /** When the pause that has begun ends, if it has not ended yet. */
  #lookAt: number | undefined;
  #wake = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly maxMs: number,
  ) {
    this.#lastReceived = this.#lastActive = elapsedBy(clock);
  }

  /** Milliseconds since there last was something to do. */
  get idleMs(): number {
    return this.since(this.#lastActive);
  }

  /** The queue had something. */
  received(): void {
    this.#lastReceived = this.#lastActive = elapsedBy(this.clock);
  }

  /** This process has work that it need not fetch from the queue. */
  active(): void {
    this.#lastActive = elapsedBy(this.clock);
  }

  /** Something was put in the queue by this process: look now. */
  wake(): void {
    this.received();
    this.#wake.abort();
  }

  /** Sleeps until the next look is due, or until woken or `signal` aborts; then the next pause is the rest of this one. */
  async pause(signal: AbortSignal): Promise<void> {
    const isInterrupted = (): boolean => signal.aborted;
    if (isInterrupted()) return;
    const interrupt = (): void => this.#wake.abort();
    signal.addEventListener("abort", interrupt, { once: true });
    this.#lookAt ??= elapsedBy(this.clock) + this.pauseMs();
    await this.clock.sleep(this.#lookAt - elapsedBy(this.clock), this.#wake.signal);
    signal.removeEventListener("abort", interrupt);
    if (!isInterrupted()) this.#lookAt = undefined;
    this.#wake = new AbortController();
  }

  private pauseMs(): number {
    const queueIdle = Math.max(MIN_MS, this.since(this.#lastReceived) / 10);
    const processIdle = Math.max(ACTIVE_MS, this.idleMs / 10);
    const jitter = 0.9 + Math.random() * 0.2;
    return Math.min(this.maxMs, Math.round(Math.min(queueIdle, processIdle) * jitter));
  }

  private since(time: number): number {
    return Math.max(0, elapsedBy(this.clock) - time);
  }
}
