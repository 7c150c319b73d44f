/** Steps after which timers and I/O of the process get a turn, should it find nothing else to wait for. */
const LONGEST_STREAK = 100;

/**
 * Nothing in this backend waits for I/O. Instances that keep each other busy would run in microtasks for ever and starve
 * the process; this makes them pause now and then.
 */
export class Breather {
  #streak = 0;
  #pause: Promise<void> = Promise.resolve();

  /** Resolves at once, or with the next turn of the event loop when that is overdue. */
  async breathe(): Promise<void> {
    if (this.#streak++ === 0) this.#pause = this.untilNextTurn();
    if (this.#streak > LONGEST_STREAK) await this.#pause;
  }

  private untilNextTurn(): Promise<void> {
    return new Promise((resolve) =>
      setImmediate(() => {
        this.#streak = 0;
        resolve();
      }),
    );
  }
}
