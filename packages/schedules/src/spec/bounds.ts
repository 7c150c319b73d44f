/** How much a spec may ask for. Within these, dates hold every time that follows from it, and no request takes long. */
import { InvalidArgumentError, durationMs } from "@perdure/core";
import type { Duration } from "@perdure/core";

/** In each list of a spec. */
export const MOST_ITEMS = 100;

/** In days: a hundred years. Of intervals, their offsets and the catch-up window. */
export const LONGEST_INTERVAL = 36_525;

/** In days. */
export const LONGEST_JITTER = 366;

/** Of the bounds that users give, and of the times that ticks are asked for. The year 1. */
export const FIRST_TIME = Date.parse("0001-01-01T00:00:00.000Z");

/** Of the bounds that users give. */
export const LAST_TIME = Date.parse("9999-12-31T23:59:59.999Z");

/** When the year 2999 has ended in the last of all time zones. */
export const LAST_TICK = Date.parse("3000-01-01T12:00:00.000Z") - 1;

const DAY_MS = 86_400_000;

/**
 * A duration in milliseconds.
 *
 * @throws InvalidArgumentError unless it is one of `mostDays` days or less.
 */
export function durationUpTo(mostDays: number, given: unknown, what: string): number {
  const duration = durationMs(given as Duration, what);
  if (duration <= mostDays * DAY_MS) return duration;
  throw new InvalidArgumentError(`${what} is ${duration} ms: give ${mostDays} days at most.`);
}
