import { Temporal } from "@js-temporal/polyfill";
import { NEVER } from "./units";

/** A time in which a zone keeps its offset from UTC. All in milliseconds; `from` and `to` are instants. */
export interface OffsetPeriod {
  /** Its first instant; minus infinity when nothing is known to be before. */
  readonly from: number;
  /** The first instant after it; `NEVER` when nothing is known to be after. */
  readonly to: number;
  /** What to add to an instant to get the wall-clock time. */
  readonly offset: number;
}

/** The offsets of a time zone, as Temporal knows them. */
export class ZoneOffsets {
  readonly #zone: string;
  /** Those asked for so far: to find one takes Temporal a while. */
  readonly #periods: OffsetPeriod[] = [];

  constructor(zone: string) {
    this.#zone = zone;
  }

  /** The period that an instant is in. */
  periodAt(instant: number): OffsetPeriod {
    const known = this.#periods.find((period) => isWithin(period, instant));
    if (known !== undefined) return known;
    const there = this.#at(instant);
    // A change at this very instant begins the period: "previous" looks at what is strictly earlier.
    const change = there.add({ milliseconds: 1 }).getTimeZoneTransition("previous");
    const nextChange = there.getTimeZoneTransition("next");
    const period = {
      from: change?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
      to: nextChange?.epochMilliseconds ?? NEVER,
      offset: there.offsetNanoseconds / NANOSECONDS,
    };
    this.#periods.push(period);
    return period;
  }

  offsetAt(instant: number): number {
    return this.#at(instant).offsetNanoseconds / NANOSECONDS;
  }

  #at(instant: number): Temporal.ZonedDateTime {
    return Temporal.Instant.fromEpochMilliseconds(Math.floor(instant)).toZonedDateTimeISO(this.#zone);
  }
}

/** Whether the zone has the same offset at an instant as throughout a period. */
export function isWithin(period: OffsetPeriod, instant: number): boolean {
  return period.from <= instant && instant < period.to;
}

/** In a millisecond. */
const NANOSECONDS = 1e6;
