import type { StoredInterval } from "../spec/schedule-spec";

/** The instants of an interval: whole multiples of it since the epoch, plus an offset. */
export class IntervalTicks {
  readonly #interval: number;
  readonly #offset: number;

  constructor({ interval, offset }: StoredInterval) {
    this.#interval = interval;
    this.#offset = offset;
  }

  /** The first tick after an instant. */
  next(after: number): number {
    const count = Math.floor((after - this.#offset) / this.#interval) + 1;
    return count * this.#interval + this.#offset;
  }
}
