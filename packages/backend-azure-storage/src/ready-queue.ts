/** Hands items to takers, first come first served on both sides. */
export class ReadyQueue<T> {
  readonly #items: T[] = [];
  readonly #takers: ((item: T) => void)[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  /** The next item; `undefined` when `signal` aborts first. */
  take(signal: AbortSignal): Promise<T | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => {
      const taken = (next: T): void => {
        signal.removeEventListener("abort", aborted);
        resolve(next);
      };
      const aborted = (): void => {
        this.#takers.splice(this.#takers.indexOf(taken), 1);
        resolve(undefined);
      };
      signal.addEventListener("abort", aborted, { once: true });
      this.#takers.push(taken);
    });
  }

  /** Takes everything that waits. */
  drain(): readonly T[] {
    return this.#items.splice(0);
  }
}
