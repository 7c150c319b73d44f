import { deriveId } from "@perdure/core";

const HASH_DIGITS = 12;

/**
 * How much later than its nominal time a tick starts: whole milliseconds from 0 to `jitterMs`, spread evenly. Always
 * the same for the same tick, so whoever computes it again starts nothing twice.
 */
export function jitterOf(scheduleId: string, nominal: number, jitterMs: number): number {
  const hash = Number.parseInt(deriveId(scheduleId, nominal).slice(0, HASH_DIGITS), 16);
  return Math.floor((hash / 16 ** HASH_DIGITS) * (jitterMs + 1));
}
