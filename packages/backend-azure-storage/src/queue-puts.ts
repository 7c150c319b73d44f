/**
 * What this process puts in one control queue for whoever receives it. Its owner, if that is this process, delivers
 * nothing by hand before it has received all of that: a later message would overtake an earlier one.
 */
export class QueuePuts {
  #begun = 0;
  #ended = 0;

  /** How many there have been; those under way are among them. */
  get count(): number {
    return this.#begun;
  }

  get isUnderWay(): boolean {
    return this.#begun > this.#ended;
  }

  async run(put: () => Promise<unknown>): Promise<void> {
    this.#begun++;
    try {
      await put();
    } finally {
      this.#ended++;
    }
  }
}
