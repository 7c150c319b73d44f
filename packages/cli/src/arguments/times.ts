import { InvalidArgumentError, durationMs } from "@perdure/core";
import { usageFailure } from "../failures";

/** Those that ISO 8601 writes with four digits of the year. */
const FIRST = Date.parse("0000-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * A moment in the past or to come: ISO 8601 with an offset or `Z`, or a duration, which is before or after now.
 *
 * @throws CommandFailure when it is neither.
 */
export function momentOf(text: string, now: number, what: string, direction: "ago" | "from now"): Date {
  const ms = tryDuration(text);
  if (ms !== undefined) {
    const time = direction === "ago" ? now - ms : now + ms;
    if (time >= FIRST && time <= LAST) return new Date(time);
    throw usageFailure(
      `${what} is '${text}', which leads out of the years 0 to 9999.`,
      "Give a shorter time.",
    );
  }
  const time = /^\d{4}-\d{2}-\d{2}(T.*(Z|[+-]\d{2}:?\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(time)) return new Date(time);
  throw usageFailure(
    `${what} is '${text}', which is no time.`,
    `Give a date such as 2027-03-28 or 2027-03-28T02:30:00Z, or how long ${direction}, such as 2h or 7d.`,
  );
}

/** @throws CommandFailure when the text is no duration. */
export function durationOf(text: string, what: string): number {
  const ms = tryDuration(text);
  if (ms !== undefined) return ms;
  throw usageFailure(
    `${what} is '${text}', which is no length of time.`,
    `Give one such as 500ms, 30s, 1h 30m or 90d.`,
  );
}

function tryDuration(text: string): number | undefined {
  try {
    return durationMs(text, "duration");
  } catch (error) {
    if (InvalidArgumentError.is(error)) return undefined;
    throw error;
  }
}
