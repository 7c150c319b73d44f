import { systemClock } from "@perdure/core";

/** Rings when something has happened; one waits for it, for some real time or for ever. */
export class Bell {
  #rings = 0;
  #nap: AbortController | undefined;

  /** How often it has rung: who sees no change has missed nothing. */
  get rings(): number {
    return this.#rings;
  }

  ring(): void {
    this.#rings++;
    this.#nap?.abort();
  }

  /** Resolves true at the next ring, false after `patienceMs` of real time without one. Only one may wait at a time. */
  async next(patienceMs?: number): Promise<boolean> {
    const nap = new AbortController();
    this.#nap = nap;
    if (patienceMs !== undefined) await systemClock.sleep(patienceMs, nap.signal);
    else await new Promise((resolve) => nap.signal.addEventListener("abort", resolve, { once: true }));
    this.#nap = undefined;
    return nap.signal.aborted;
  }
}
