interface News {
  readonly order: number;
  readonly tell: () => void;
}

/**
 * What happened before anyone observed a task, told in the order of history once somebody does: races end, and events
 * are taken, as if it had been observed all along.
 */
export class Past {
  readonly #news: News[] = [];

  /** `tell` must do nothing when it has come too late: what was told before it may have settled its task. */
  add(order: number, tell: () => void): void {
    this.#news.push({ order, tell });
  }

  tell(): void {
    for (const { tell } of this.#news.sort((a, b) => a.order - b.order)) tell();
  }
}
