import { Temporal } from "@js-temporal/polyfill";
import { InvalidArgumentError } from "@perdure/core";
import type { TimeZones, WallClock } from "@perdure/core";
import { nearest } from "./nearest";

/** Instants of wall-clock times, by the time zone data of the running Node. */
export const timeZones: TimeZones = { instantOf };

function instantOf({ at, timeZone, gap = "later", overlap = "earlier" }: WallClock): number {
  const zone = timeZoneName(timeZone, "The time zone");
  const local = localTime(at);
  assertDirection(gap, "gap");
  assertDirection(overlap, "overlap");

  const earlier = local.toZonedDateTime(zone, { disambiguation: "earlier" });
  const isInGap = !earlier.toPlainDateTime().equals(local);
  return local.toZonedDateTime(zone, { disambiguation: isInGap ? gap : overlap }).epochMilliseconds;
}

/** A time without offset. Seconds end at 59: Temporal would take 60 for 59. */
const LOCAL_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:[0-5]\d(\.\d{1,3})?)?)?$/;
const OFFSET = /(Z|T.*[+-]\d{2}(:?\d{2})?|\])$/i;

function localTime(at: unknown): Temporal.PlainDateTime {
  const example = `such as "2027-03-28T02:30"`;
  if (typeof at !== "string") {
    throw new InvalidArgumentError(`The local time is of type ${typeof at}: give text ${example}.`);
  }
  if (OFFSET.test(at)) {
    throw new InvalidArgumentError(
      `The local time '${at}' has an offset: leave it out, it follows from the time zone.`,
    );
  }
  try {
    if (LOCAL_TIME.test(at)) return Temporal.PlainDateTime.from(at);
  } catch {
    // The form is right, but no calendar has this date: told below.
  }
  throw new InvalidArgumentError(
    `The local time '${at}' is not a date and time: give an existing one ${example}.`,
  );
}

function assertDirection(value: unknown, what: string): void {
  if (value === "earlier" || value === "later") return;
  throw new InvalidArgumentError(`The ${what} is '${String(value)}': give "earlier" or "later".`);
}

/**
 * The name of a time zone as the IANA writes it; case does not count on the way in.
 *
 * @throws InvalidArgumentError for anything that is not a name the running Node knows; `what` names the field.
 */
export function timeZoneName(name: unknown, what: string): string {
  const example = `an IANA name such as "Europe/Paris"`;
  if (typeof name !== "string") {
    throw new InvalidArgumentError(`${what} is of type ${typeof name}: give ${example}.`);
  }
  if (/^[+-]?\d/.test(name)) {
    throw new InvalidArgumentError(
      `${what} '${name}' is an offset: give ${example}, which knows its offsets.`,
    );
  }
  try {
    // Temporal would also take the zone from a whole timestamp.
    if (/^[a-z][\w+/-]*$/i.test(name))
      return Temporal.PlainDate.from("2000-01-01").toZonedDateTime(name).timeZoneId;
  } catch {
    // Not known: told below.
  }
  const similar = similarTimeZone(name);
  const hint = similar === undefined ? `give ${example}.` : `did you mean "${similar}"?`;
  throw new InvalidArgumentError(`${what} '${name.slice(0, 64)}' is not known: ${hint}`);
}

/** By its city alone, or with a slip of the pen. */
function similarTimeZone(name: string): string | undefined {
  const known = Intl.supportedValuesOf("timeZone");
  const city = `/${name.toLowerCase().replaceAll(" ", "_")}`;
  return known.find((zone) => zone.toLowerCase().endsWith(city)) ?? nearest(name, known);
}
