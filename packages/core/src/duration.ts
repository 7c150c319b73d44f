import { InvalidArgumentError } from "./errors";
import { noTimeZones } from "./wall-clock";
import type { TimeZones, WallClock } from "./wall-clock";

/** Milliseconds, or text such as `"500ms"`, `"1s"`, `"1h 30m"`, `"90d"`, `"2w"`. A day is always 24 hours. */
export type Duration = number | string;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * A duration in whole milliseconds.
 *
 * @throws InvalidArgumentError for NaN, infinite or negative numbers and text of another form.
 */
export function durationMs(duration: Duration, what: string): number {
  if (typeof duration === "number") {
    if (Number.isFinite(duration) && duration >= 0) return Math.round(duration);
    throw new InvalidArgumentError(`${what} is ${duration}: give finite milliseconds of 0 or more.`);
  }
  const text = typeof duration === "string" ? duration.trim() : String(duration);
  if (!/^(\d+(\.\d+)?\s*(ms|[smhdw])\s*)+$/.test(text)) {
    throw new InvalidArgumentError(
      `${what} is '${text}': give milliseconds or text such as "30s", "1h 30m" or "90d".`,
    );
  }
  let total = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)\s*(ms|[smhdw])/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? Number.NaN);
  }
  return Math.round(total);
}

/** The latest moment a JavaScript `Date` can hold. */
const MAX_TIME = 8.64e15;

/**
 * A `Date`; a duration from now; `{ at }` with milliseconds since the epoch or ISO 8601 text that ends in an offset or
 * `Z`; or a wall clock.
 */
export type Moment =
  Date | Duration | { readonly at: number | string; readonly timeZone?: never } | WallClock;

export function isWallClock(when: Moment): when is WallClock {
  return isObject(when) && !(when instanceof Date) && when.timeZone !== undefined;
}

/** Callers may be JavaScript. */
function isObject(when: Moment): when is Exclude<Moment, Duration> {
  return typeof when === "object" && (when as unknown) !== null;
}

/**
 * A moment in milliseconds since the epoch.
 *
 * @throws InvalidArgumentError for what is none, or one that no `Date` can hold.
 */
export function momentMs(
  when: Moment,
  now: number,
  what: string,
  timeZones: TimeZones = noTimeZones,
): number {
  const time = timeOf(when, now, what, timeZones);
  if (Number.isFinite(time) && Math.abs(time) <= MAX_TIME) return time;
  throw new InvalidArgumentError(
    `${what} is not a valid date: give a valid Date, a duration, { at } with a time, or { at, timeZone }.`,
  );
}

function timeOf(when: Moment, now: number, what: string, timeZones: TimeZones): number {
  if (when instanceof Date) return when.getTime();
  if (!isObject(when)) return now + durationMs(when, what);
  if (isWallClock(when)) return timeZones.instantOf(when);
  if (typeof when.at === "number") return when.at;
  if (typeof when.at === "string" && /T.*(Z|[+-]\d{2}:?\d{2})$/.test(when.at)) return Date.parse(when.at);
  throw new InvalidArgumentError(
    `${what} is at '${when.at}', which no clock shows everywhere: add an offset or Z, or give a timeZone.`,
  );
}
