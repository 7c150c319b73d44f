import { setMaxListeners } from "node:events";
import type { Clock } from "@perdure/core";

/** Time as one process sees it: once the process has died none of its sleeps ends, but by its signal. */
export class ProcessClock implements Clock {
  readonly #death = new AbortController();

  constructor(private readonly clock: Clock) {
    setMaxListeners(0, this.#death.signal); // every sleep listens
  }

  get isDead(): boolean {
    return this.#death.signal.aborted;
  }

  die(): void {
    this.#death.abort();
  }

  now(): number {
    return this.clock.now();
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    const end = new AbortController();
    const abort = (): void => end.abort();
    signal?.addEventListener("abort", abort);
    this.#death.signal.addEventListener("abort", abort);
    if (signal?.aborted || this.isDead) abort();
    await this.clock.sleep(delayMs, end.signal);
    signal?.removeEventListener("abort", abort);
    this.#death.signal.removeEventListener("abort", abort);
    if (this.isDead && !signal?.aborted) await aborted(signal);
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
}
