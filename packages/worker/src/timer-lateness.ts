import { createHistogram } from "node:perf_hooks";
import type { TaskMessage } from "@perdure/core";

/** How late the timers were that a worker has fired, in milliseconds. Nothing is early. */
export interface TimerLatenessReport {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Notes how late each timer comes to its turn. */
export class TimerLateness {
  readonly #histogram = createHistogram({ figures: 2 });

  note(messages: readonly TaskMessage[], now: number): void {
    for (const { event } of messages) {
      if (event.type === "TimerFired")
        this.#histogram.record(Math.max(0, Math.round(now - event.fireAt)) + 1);
    }
  }

  get report(): TimerLatenessReport {
    const { count, mean, max } = this.#histogram;
    if (count === 0) return { count, mean: 0, p50: 0, p99: 0, max: 0 };
    const percentile = (percent: number): number => this.#histogram.percentile(percent) - 1;
    return { count, mean: mean - 1, p50: percentile(50), p99: percentile(99), max: max - 1 };
  }
}
