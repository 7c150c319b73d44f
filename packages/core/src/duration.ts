import { InvalidArgumentError } from "./errors";

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
 * A moment in milliseconds since the epoch: a `Date` is itself, a duration counts from `now`.
 *
 * @throws InvalidArgumentError for an invalid date or duration, or a moment no `Date` can hold.
 */
export function momentMs(when: Date | Duration, now: number, what: string): number {
  const time = when instanceof Date ? when.getTime() : now + durationMs(when, what);
  if (Number.isFinite(time) && Math.abs(time) <= MAX_TIME) return time;
  throw new InvalidArgumentError(`${what} is not a valid date: give a valid Date or a duration.`);
}
