import type { Clock } from "./clock";
import { Wakeups } from "./wakeups";

interface Entry<T> {
  readonly item: T;
  readonly dueAt: number;
  readonly order: number;
}

/**
 * Items by the time they are due; of those due at the same time the one queued first. A binary heap in which moved and
 * deleted items stay behind as stale entries until they come to the top.
 */
export class DueQueue<T> {
  readonly #heap: Entry<T>[] = [];
  readonly #current = new Map<T, Entry<T>>();
  readonly #wakeups = new Wakeups();
  #order = 0;

  /** Queues an item, or moves it when its time has changed. */
  set(item: T, dueAt: number): void {
    if (this.#current.get(item)?.dueAt === dueAt) return;
    const entry = { item, dueAt, order: this.#order++ };
    this.#current.set(item, entry);
    this.#heap.push(entry);
    this.siftUp(this.#heap.length - 1);
    if (this.first() === entry) this.#wakeups.notify();
  }

  delete(item: T): void {
    this.#current.delete(item);
  }

  clear(): void {
    this.#current.clear();
    this.#heap.length = 0;
  }

  /** All that is queued, in no order. */
  get items(): Iterable<T> {
    return this.#current.keys();
  }

  /** Takes the first item that is due out of the queue. */
  take(now: number): T | undefined {
    const first = this.first();
    if (!first || first.dueAt > now) return undefined;
    this.#current.delete(first.item);
    return first.item;
  }

  /** Resolves when something may have become due, or when one of the signals aborts. */
  wait(clock: Clock, ...signals: readonly AbortSignal[]): Promise<void> {
    const first = this.first();
    return this.#wakeups.wait(signals, first && { clock, at: first.dueAt });
  }

  private first(): Entry<T> | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (!top || this.#current.get(top.item) === top) return top;
      this.removeTop();
    }
  }

  private removeTop(): void {
    const last = this.#heap.pop();
    if (!last || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.siftDown(0);
  }

  private siftUp(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  private siftDown(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= this.#heap.length) return;
      const right = left + 1;
      const least = right < this.#heap.length && this.isBefore(right, left) ? right : left;
      if (!this.swapIfBefore(least, index)) return;
      index = least;
    }
  }

  private swapIfBefore(child: number, parent: number): boolean {
    if (!this.isBefore(child, parent)) return false;
    const entry = this.#heap[child] as Entry<T>;
    this.#heap[child] = this.#heap[parent] as Entry<T>;
    this.#heap[parent] = entry;
    return true;
  }

  private isBefore(a: number, b: number): boolean {
    const one = this.#heap[a] as Entry<T>;
    const other = this.#heap[b] as Entry<T>;
    return one.dueAt === other.dueAt ? one.order < other.order : one.dueAt < other.dueAt;
  }
}
