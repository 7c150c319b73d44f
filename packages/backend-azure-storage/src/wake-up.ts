/** Lets one loop sleep until there is something to do. A call before the wait is not lost. */
export class WakeUp {
  #called = false;
  #resolve: (() => void) | undefined;

  call(): void {
    this.#called = true;
    this.#resolve?.();
  }

  /** Resolves at the next call, at once if there was one since the last wait, or when `signal` aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#called && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const woken = (): void => {
          signal.removeEventListener("abort", woken);
          resolve();
        };
        this.#resolve = woken;
        signal.addEventListener("abort", woken, { once: true });
      });
    }
    this.#called = false;
    this.#resolve = undefined;
  }
}
