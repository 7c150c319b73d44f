import { Cron } from "croner";
import type { WallPattern } from "../spec/wall-pattern";
import { DAY, HOUR, MINUTE, NEVER } from "./units";

/**
 * The wall-clock times that match a pattern, in order, up to the year 3000. They are given as if the wall hung in UTC:
 * in milliseconds from 1970-01-01T00:00 on that wall. So no time zone takes part, and croner has nothing to decide where
 * clocks change.
 *
 * All matching days have the same times. So croner is asked for each day once, and for the times only in the beginning.
 */
export class WallTimes {
  readonly #days: MatchingDays;
  /** What makes up the times of a day, in milliseconds. */
  readonly #hours: readonly number[];
  readonly #minutes: readonly number[];
  readonly #seconds: readonly number[];

  /** @throws Error, croner's, for fields it cannot read. */
  constructor(pattern: WallPattern) {
    const { second, minute, hour } = pattern;
    this.#hours = matchesWithin(DAY, `0 0 ${hour} * * *`);
    this.#minutes = matchesWithin(HOUR, `0 ${minute} * * * *`);
    this.#seconds = matchesWithin(MINUTE, `${second} * * * * *`);
    this.#days = new MatchingDays(pattern);
  }

  /** The first matching time after `wall`; `NEVER` when there is none. */
  next(wall: number): number {
    const today = Math.floor(wall / DAY) * DAY;
    const day = this.#days.from(today);
    const time = this.#timeAfter(wall - day);
    return time === undefined ? this.#days.from(today + DAY) + this.#firstTime() : day + time;
  }

  #timeAfter(time: number): number | undefined {
    for (const hour of this.#hours) {
      if (hour + HOUR <= time) continue;
      for (const minute of this.#minutes) {
        if (hour + minute + MINUTE <= time) continue;
        for (const second of this.#seconds) {
          if (hour + minute + second > time) return hour + minute + second;
        }
      }
    }
    return undefined;
  }

  #firstTime(): number {
    return this.#timeAfter(-1) ?? NEVER;
  }
}

/** Seven common years and seven leap years, one for each day of the week that a year begins with: there are no others. */
const ALL_KINDS_OF_YEARS = "2000-2006,2008-2010,2012,2016,2020,2024";

/** The days that match a pattern, each as the wall-clock time of its midnight. */
class MatchingDays {
  readonly #cron: Cron;
  /** Of the years that tell whether such days exist: croner would look through a thousand for one that does not. */
  readonly #sample: Cron;
  #exist: boolean | undefined;
  /** The last answer: no day matches from `#asked` to before `#found`. */
  #asked = 0;
  #found = -1;

  constructor({ dayOfMonth, month, dayOfWeek, year, days }: WallPattern) {
    const inYears = (years: string): Cron =>
      cronInUtc(`0 0 0 ${dayOfMonth} ${month} ${dayOfWeek} ${years}`, days === "both");
    this.#cron = inYears(year);
    this.#sample = inYears(ALL_KINDS_OF_YEARS);
  }

  /** The first matching day that is `day` or later; `NEVER` when there is none. */
  from(day: number): number {
    if (day >= this.#asked && day <= this.#found) return this.#found;
    this.#asked = day;
    this.#exist ??= this.#sample.nextRun(new Date(Date.UTC(1999, 11, 31))) !== null;
    this.#found = (this.#exist ? this.#cron.nextRun(new Date(day - 1))?.getTime() : undefined) ?? NEVER;
    return this.#found;
  }
}

/** The matches from 1970-01-01T00:00 on, that long. */
function matchesWithin(length: number, pattern: string): readonly number[] {
  const cron = cronInUtc(pattern);
  const matches: number[] = [];
  for (;;) {
    const match = cron.nextRun(new Date(matches.at(-1) ?? -1));
    if (match === null || match.getTime() >= length) return matches;
    matches.push(match.getTime());
  }
}

function cronInUtc(pattern: string, domAndDow = false): Cron {
  return new Cron(pattern, { utcOffset: 0, domAndDow });
}
