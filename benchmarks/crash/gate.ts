/** Lets calls of storage through while it is there: while the gate is closed they wait. */
export class Gate {
  #opened = Promise.resolve();
  #open: () => void = () => undefined;
  readonly #inside = new Set<Promise<unknown>>();

  async pass<T>(call: () => Promise<T>): Promise<T> {
    await this.#opened;
    const going = call();
    this.#inside.add(going);
    try {
      return await going;
    } finally {
      this.#inside.delete(going);
    }
  }

  /** Resolves once nobody is inside any more. */
  async close(): Promise<void> {
    this.#opened = new Promise((resolve) => (this.#open = resolve));
    await Promise.allSettled(this.#inside);
  }

  open(): void {
    this.#open();
  }
}
