/**
 * What a schedule says about time, as the user gives it and as it is stored.
 *
 * A tick has a *nominal* time: the instant the spec names, before jitter. The ticks of all lines (each cron line, each
 * calendar, each interval) are merged; one that several lines name is one tick.
 *
 * Cron lines and calendars match wall-clock times of the time zone. Where clocks change, a wall-clock time may exist
 * twice or not at all, and two kinds of lines want different things:
 *
 * - A line that leaves the hour open (`*`, also with a step; a calendar whose hours are one range from 0
 *   to 23) goes by elapsed time: what clocks skip is skipped, what they repeat is repeated. So a line that ticks every
 *   five minutes, or on the hour, neither pauses nor doubles.
 * - Any other line names times of the day, and ticks once for each: a time that clocks skip is moved forward by the
 *   length of the gap, and of a time they show twice the first is taken. So `30 2 * * *` ticks once on every day.
 *
 * `gap` and `overlap` say otherwise, for all lines. A calendar day that a zone skipped whole is a gap like any other.
 */
import type { Duration } from "@perdure/core";

/** For wall-clock times that clocks skip: moved forward by the length of the gap, moved back by it, or left out. */
export type GapPolicy = "earlier" | "later" | "skip";

/** For wall-clock times that clocks show twice: the first, the second, or both. */
export type OverlapPolicy = "earlier" | "later" | "both";

/** When a schedule ticks. At least one of `cron`, `every` and `calendar` is needed. No list has more than 100 items. */
export interface ScheduleSpec {
  /**
   * Five fields (minute, hour, day of month, month, day of week), or six with seconds first, or one of `@yearly`,
   * `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly`.
   *
   * Fields take `*`, `?`, names, lists, ranges and steps. A day of month may be `L` (the last) or `15W` (the weekday
   * nearest to the 15th), a day of week `5#2` (the second Friday) or `5#L` (the last). As in every cron, a day matches
   * when either its day of month or its day of week does, if neither field is `*`; `+1` as day of week asks for both.
   */
  readonly cron?: string | readonly string[];
  readonly every?: IntervalSpec | readonly IntervalSpec[];
  readonly calendar?: CalendarSpec | readonly CalendarSpec[];
  /** Ticks that are left out. */
  readonly exclude?: ExclusionSpec;
  /** The IANA name of the zone that cron lines, calendars and exclusions are read in. Default: `"UTC"`. */
  readonly timeZone?: string;
  /** Default: by the kind of line, `"skip"` or `"later"`; see the head of this file. */
  readonly gap?: GapPolicy;
  /** Default: by the kind of line, `"both"` or `"earlier"`; see the head of this file. */
  readonly overlap?: OverlapPolicy;
  /** The earliest nominal time, itself included: of the years 1 to 9999. A number is in milliseconds since the epoch. */
  readonly startAt?: Date | number;
  /** The latest nominal time, itself included: of the years 1 to 9999. A number is in milliseconds since the epoch. */
  readonly endAt?: Date | number;
  /**
   * Ticks start up to this much after their nominal time, each always by the same amount; see `jitterOf`. 366 days at
   * most.
   */
  readonly jitter?: Duration;
}

/** Ticks at whole multiples of `interval` since the epoch, plus `offset`. Time zones play no part. */
export interface IntervalSpec {
  /** One millisecond to 36,525 days. */
  readonly interval: Duration;
  /** Less than the interval. Default: 0. */
  readonly offset?: Duration;
}

/** Wall-clock times that match in every field. */
export interface CalendarSpec {
  /** 0 to 59. Default: 0. */
  readonly second?: CalendarField;
  /** 0 to 59. Default: 0. */
  readonly minute?: CalendarField;
  /** 0 to 23. Default: 0. */
  readonly hour?: CalendarField;
  /** 1 to 31. Default: any. */
  readonly dayOfMonth?: CalendarField;
  /** 1 to 12. Default: any. */
  readonly month?: CalendarField;
  /** 0 to 7; both 0 and 7 are Sunday. Default: any. */
  readonly dayOfWeek?: CalendarField;
  /** 1970 to 2999. Default: any. */
  readonly year?: CalendarField;
}

export type CalendarField = number | CalendarRange | readonly (number | CalendarRange)[];

/** Every `step`-th number from `from` to `to`, both included. Defaults: the least, the greatest, and a step of 1. */
export interface CalendarRange {
  readonly from?: number;
  readonly to?: number;
  readonly step?: number;
}

/**
 * Ticks to leave out, by the wall-clock time at which they would happen. What is not said means any: a calendar of
 * `{ dayOfWeek: 0 }` leaves out all of Sunday, and a cron line of five fields the whole of each minute it names.
 */
export interface ExclusionSpec {
  readonly cron?: string | readonly string[];
  readonly calendar?: CalendarSpec | readonly CalendarSpec[];
  /** Local dates such as `"2027-12-25"`, each left out whole. */
  readonly dates?: readonly string[];
}

/** A valid spec in its one form for storage: plain JSON, times and durations in milliseconds. Itself a valid spec. */
export interface StoredSpec {
  readonly cron?: readonly string[];
  readonly every?: readonly StoredInterval[];
  readonly calendar?: readonly CalendarSpec[];
  readonly exclude?: StoredExclusion;
  readonly timeZone: string;
  readonly gap?: GapPolicy;
  readonly overlap?: OverlapPolicy;
  readonly startAt?: number;
  readonly endAt?: number;
  readonly jitter?: number;
}

export interface StoredInterval {
  readonly interval: number;
  readonly offset: number;
}

export interface StoredExclusion {
  readonly cron?: readonly string[];
  readonly calendar?: readonly CalendarSpec[];
  readonly dates?: readonly string[];
}
