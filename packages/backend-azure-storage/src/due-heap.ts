/**
 * Items by due time, earliest first, and a sleeper that hands each out when its time has come. An earlier item wakes
 * the sleeper sooner.
 */
import type { Clock } from "@perdure/core";

interface Entry<T> {
  readonly dueAt: number;
  readonly item: T;
}

/** Nothing is due: any sleep will do. A clock that is put forward ends sleeps, one that is put back is looked at again. */
const LONGEST_SLEEP_MS = 86_400_000;

export class DueHeap<T> {
  readonly #heap: Entry<T>[] = [];
  #wake = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly onDue: (item: T) => void,
  ) {}

  push(dueAt: number, item: T): void {
    this.#heap.push({ dueAt, item });
    this.up(this.#heap.length - 1);
    if (this.#heap[0]?.item === item) this.#wake.abort();
  }

  /** Hands out what is due until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const end = (): void => this.#wake.abort();
    signal.addEventListener("abort", end);
    while (!signal.aborted) {
      this.handOut();
      const next = this.#heap[0];
      const pause = next ? next.dueAt - this.clock.now() : LONGEST_SLEEP_MS;
      await this.clock.sleep(Math.min(pause, LONGEST_SLEEP_MS), this.#wake.signal);
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
    }
    signal.removeEventListener("abort", end);
  }

  private handOut(): void {
    const now = this.clock.now();
    for (let next = this.#heap[0]; next && next.dueAt <= now; next = this.#heap[0]) {
      this.pop();
      this.onDue(next.item);
    }
  }

  private pop(): void {
    const last = this.#heap.pop();
    if (!last || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.down(0);
  }

  private up(index: number): void {
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.due(parent) <= this.due(index)) return;
      this.swap(index, parent);
      index = parent;
    }
  }

  private down(index: number): void {
    for (;;) {
      const left = 2 * index + 1;
      const child = this.due(left + 1) < this.due(left) ? left + 1 : left;
      if (this.due(index) <= this.due(child)) return;
      this.swap(index, child);
      index = child;
    }
  }

  private due(index: number): number {
    return this.#heap[index]?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  private swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (!first || !second) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}
