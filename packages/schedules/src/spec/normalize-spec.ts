import { Temporal } from "@js-temporal/polyfill";
import { InvalidArgumentError, optional } from "@perdure/core";
import { timeZoneName } from "../time-zones";
import { fieldsOf, listOf, oneOf, shown } from "./arguments";
import { FIRST_TIME, LAST_TIME, LONGEST_INTERVAL, LONGEST_JITTER, durationUpTo } from "./bounds";
import { readCalendar } from "./calendar";
import { readCronLine } from "./cron-line";
import type { ScheduleSpec, StoredExclusion, StoredInterval, StoredSpec } from "./schedule-spec";

const FIELDS = [
  "cron",
  "every",
  "calendar",
  "exclude",
  "timeZone",
  "gap",
  "overlap",
  "startAt",
  "endAt",
  "jitter",
] as const satisfies readonly (keyof ScheduleSpec)[];

/**
 * The spec in its one form for storage.
 *
 * @throws InvalidArgumentError for a spec that names no ticks, has an unknown field or a value that cannot be read, or
 * asks for more than the bounds allow.
 * The message names the field and says what to give. A cron line for 30 February is no error: it has no ticks.
 */
export function normalizeSpec(spec: ScheduleSpec): StoredSpec {
  const given = fieldsOf(spec, FIELDS, "The schedule");
  const stored: StoredSpec = {
    ...optional("cron", listOf(given.cron, called("cron"), readCronLine)),
    ...optional("every", listOf(given.every, called("every"), readInterval)),
    ...optional("calendar", listOf(given.calendar, called("calendar"), readCalendar)),
    ...optional("exclude", readExclusion(given.exclude)),
    timeZone: timeZoneName(given.timeZone === undefined ? "UTC" : given.timeZone, called("timeZone")),
    ...optional("gap", oneOf(given.gap, ["earlier", "later", "skip"], called("gap"))),
    ...optional("overlap", oneOf(given.overlap, ["earlier", "later", "both"], called("overlap"))),
    ...optional("startAt", readMoment(given.startAt, called("startAt"))),
    ...optional("endAt", readMoment(given.endAt, called("endAt"))),
    ...optional("jitter", readJitter(given.jitter, called("jitter"))),
  };
  if (stored.cron === undefined && stored.every === undefined && stored.calendar === undefined) {
    throw new InvalidArgumentError("The schedule never ticks: give one or more of cron, every, calendar.");
  }
  if (stored.startAt !== undefined && stored.endAt !== undefined && stored.startAt > stored.endAt) {
    throw new InvalidArgumentError("The schedule ends before it starts: give an 'endAt' after 'startAt'.");
  }
  return stored;
}

function called(field: string): string {
  return `The schedule's ${field}`;
}

function readJitter(given: unknown, what: string): number | undefined {
  return given === undefined ? undefined : durationUpTo(LONGEST_JITTER, given, what);
}

function readInterval(given: unknown, what: string): StoredInterval {
  const { interval, offset = 0 } = fieldsOf(given, ["interval", "offset"], what);
  const stored = {
    interval: durationUpTo(LONGEST_INTERVAL, interval, `${what}.interval`),
    offset: durationUpTo(LONGEST_INTERVAL, offset, `${what}.offset`),
  };
  if (stored.interval === 0) {
    throw new InvalidArgumentError(`${what}.interval is 0: give 1 millisecond or more.`);
  }
  if (stored.offset < stored.interval) return stored;
  throw new InvalidArgumentError(
    `${what}.offset is ${stored.offset} ms: give less than the interval, which is ${stored.interval} ms.`,
  );
}

function readExclusion(given: unknown): StoredExclusion | undefined {
  if (given === undefined) return undefined;
  const { cron, calendar, dates } = fieldsOf(given, ["cron", "calendar", "dates"], called("exclude"));
  return {
    ...optional("cron", listOf(cron, called("exclude.cron"), readCronLine)),
    ...optional("calendar", listOf(calendar, called("exclude.calendar"), readCalendar)),
    ...optional("dates", listOf(dates, called("exclude.dates"), readDate)),
  };
}

function readDate(given: unknown, what: string): string {
  try {
    if (typeof given === "string" && /^\d{4}-\d{2}-\d{2}$/.test(given)) {
      return Temporal.PlainDate.from(given).toString();
    }
  } catch {
    // The form is right, but no calendar has this date: told below.
  }
  throw new InvalidArgumentError(`${what} is ${shown(given)}: give an existing date such as "2027-12-25".`);
}

function readMoment(given: unknown, what: string): number | undefined {
  if (given === undefined) return undefined;
  const time = given instanceof Date ? given.getTime() : given;
  if (Number.isInteger(time)) {
    if ((time as number) >= FIRST_TIME && (time as number) <= LAST_TIME) return time as number;
    throw new InvalidArgumentError(`${what} is ${shown(time)}: give a time of the years 1 to 9999.`);
  }
  throw new InvalidArgumentError(
    `${what} is ${given instanceof Date ? "an invalid date" : shown(given)}: give a valid Date or whole milliseconds since the epoch.`,
  );
}
