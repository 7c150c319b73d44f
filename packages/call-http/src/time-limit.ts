import type { Clock } from "@perdure/core";

/** Aborts its signal once time is up by a clock, or when another signal does. */
export class TimeLimit {
  /** Whether time was up before anything else. */
  isOver = false;
  readonly #controller = new AbortController();
  readonly #ended = new AbortController();

  constructor(clock: Clock, ms: number, other?: AbortSignal) {
    if (other?.aborted) this.#controller.abort(other.reason);
    other?.addEventListener("abort", () => this.#controller.abort(other.reason), {
      once: true,
      signal: this.#ended.signal,
    });
    void clock.sleep(ms, this.#ended.signal).then(() => {
      if (this.#ended.signal.aborted) return;
      this.isOver = !this.signal.aborted;
      this.#controller.abort();
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Rejects when the signal aborts first. */
  within<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    const aborted = new Promise<never>((_resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true, signal: this.#ended.signal });
    });
    return Promise.race([promise, aborted]);
  }

  /** Nothing aborts any more. */
  end(): void {
    this.#ended.abort();
  }
}
