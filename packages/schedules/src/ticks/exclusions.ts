import { Temporal } from "@js-temporal/polyfill";
import { calendarPattern } from "../spec/calendar";
import { cronPattern } from "../spec/cron-line";
import type { StoredExclusion } from "../spec/schedule-spec";
import type { WallPattern } from "../spec/wall-pattern";
import { DAY, HOUR, MINUTE, SECOND } from "./units";
import { WallTimes } from "./wall-times";

/** Wall-clock times that are left out. They come in blocks, such as whole days, that can be stepped over at once. */
export interface Exclusion {
  /** The end of the block that a wall-clock time is in, or nothing when it is not left out. */
  endOf(wall: number): number | undefined;
}

export function exclusionsOf({
  cron = [],
  calendar = [],
  dates = [],
}: StoredExclusion): readonly Exclusion[] {
  return [
    ...cron.map((line) => new ExcludedPattern(cronPattern(line, "*"))),
    ...calendar.map((spec) => new ExcludedPattern(calendarPattern(spec, "*"))),
    new ExcludedDates(dates),
  ];
}

class ExcludedPattern implements Exclusion {
  readonly #walls: WallTimes;
  readonly #block: number;

  constructor(pattern: WallPattern) {
    this.#walls = new WallTimes(pattern);
    this.#block = blockOf(pattern);
  }

  endOf(wall: number): number | undefined {
    const start = Math.floor(wall / this.#block) * this.#block;
    return this.#walls.next(start - 1) === start ? start + this.#block : undefined;
  }
}

/** The largest unit that the pattern takes or leaves whole. */
function blockOf({ second, minute, hour }: WallPattern): number {
  if (second !== "*") return SECOND;
  if (minute !== "*") return MINUTE;
  return hour === "*" ? DAY : HOUR;
}

class ExcludedDates implements Exclusion {
  readonly #days: ReadonlySet<number>;

  constructor(dates: readonly string[]) {
    this.#days = new Set(
      dates.map((date) => Temporal.PlainDate.from(date).toZonedDateTime("UTC").epochMilliseconds),
    );
  }

  endOf(wall: number): number | undefined {
    const start = Math.floor(wall / DAY) * DAY;
    return this.#days.has(start) ? start + DAY : undefined;
  }
}
