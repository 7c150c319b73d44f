/** Counts permits; whoever waits gets one in order of asking. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #watching = new Set<() => void>();
  #exhausted = new AbortController();

  constructor(permits: number) {
    this.#free = permits;
  }

  /** Permits that nobody has. */
  get free(): number {
    return this.#free;
  }

  /** Aborts when the last free permit is taken. */
  get exhausted(): AbortSignal {
    return this.#exhausted.signal;
  }

  tryAcquire(): boolean {
    if (this.#free <= 0) return false;
    this.#free--;
    if (this.#free === 0) {
      this.#exhausted.abort(EXHAUSTED);
      this.#exhausted = new AbortController();
    }
    return true;
  }

  /** Resolves when a permit is free, without taking it, or when `signal` aborts. */
  untilFree(signal: AbortSignal): Promise<void> {
    if (this.#free > 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const seen = (): void => {
        this.#watching.delete(seen);
        signal.removeEventListener("abort", seen);
        resolve();
      };
      this.#watching.add(seen);
      signal.addEventListener("abort", seen, { once: true });
    });
  }

  /** Resolves false, without a permit, when `signal` aborts first. */
  acquire(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.tryAcquire()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const withdraw = this.request(() => {
        signal.removeEventListener("abort", aborted);
        resolve(true);
      });
      const aborted = (): void => {
        withdraw();
        resolve(false);
      };
      signal.addEventListener("abort", aborted, { once: true });
    });
  }

  /** After `tryAcquire` has failed: calls `granted` once, with a permit. Returns how to withdraw the request. */
  request(granted: () => void): () => void {
    this.#waiting.push(granted);
    return () => {
      const place = this.#waiting.indexOf(granted);
      if (place >= 0) this.#waiting.splice(place, 1);
    };
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next) {
      next();
      return;
    }
    this.#free++;
    for (const seen of [...this.#watching]) seen();
  }
}

/** A reason made once: an abort without one makes an error with a stack each time. */
const EXHAUSTED = new Error("No permit is free.");
