import { parseSpec } from "../src";
import type { ScheduleSpec } from "../src";

/** Milliseconds since the epoch of an ISO time, which is in UTC unless it says otherwise. */
export function at(time: string): number {
  const hasOffset = /(Z|[+-]\d{2}:\d{2})$/.test(time);
  const ms = Date.parse(!time.includes("T") || hasOffset ? time : `${time}Z`);
  if (Number.isNaN(ms)) throw new Error(`The test's time '${time}' is none.`);
  return ms;
}

/** A time in UTC as short as can be: `2027-03-28T01:00`. */
export function utc(time: number): string {
  return new Date(time).toISOString().replace(/(:00)?\.000Z$/, "");
}

/** The ticks after `from` and up to `to`, in UTC. */
export function ticksBetween(spec: ScheduleSpec, from: string, to: string): readonly string[] {
  return parseSpec(spec).ticks.between(at(from), at(to), 1000).map(utc);
}

/** The first ticks after `from`, in UTC. */
export function firstTicks(spec: ScheduleSpec, from: string, count: number): readonly string[] {
  return parseSpec(spec).ticks.upcoming(at(from), count).map(utc);
}
