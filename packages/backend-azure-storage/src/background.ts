/** Work nobody waits for right away: failures are reported, and the end of all of it can be awaited. */
export class Background {
  readonly #running = new Set<Promise<void>>();

  constructor(private readonly onError: (what: string, error: unknown) => void) {}

  run(what: string, work: () => Promise<unknown>): void {
    const running = work()
      .then(
        () => undefined,
        (error: unknown) => this.onError(what, error),
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
