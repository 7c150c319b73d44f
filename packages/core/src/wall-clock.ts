import { InvalidArgumentError } from "./errors";

/** A moment as a clock on the wall of some place shows it. */
export interface WallClock {
  /** ISO 8601 date, or date and time, without an offset: `"2027-03-28T02:30"`. */
  readonly at: string;
  /** IANA name: `"Europe/Paris"`. */
  readonly timeZone: string;
  /** A time that clocks skip in spring is meant that much later, or earlier. Default: `"later"`. */
  readonly gap?: "earlier" | "later";
  /** Which one is meant of a time that clocks show twice in autumn. Default: `"earlier"`. */
  readonly overlap?: "earlier" | "later";
}

/** What is known of the world's clocks. Governments change it: what is asked again may be answered differently. */
export interface TimeZones {
  /**
   * Milliseconds since the epoch.
   *
   * @throws InvalidArgumentError for an unknown zone or a time of another form.
   */
  instantOf(time: WallClock): number;
}

/** Of a worker that was given none. */
export const noTimeZones: TimeZones = {
  instantOf: () => {
    throw new InvalidArgumentError(
      "This worker knows no time zones: give the time as a Date, or pass timeZones to its registry.",
    );
  },
};
