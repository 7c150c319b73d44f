import { ticksOf } from "../ticks/ticks";
import type { Ticks } from "../ticks/ticks";
import { normalizeSpec } from "./normalize-spec";
import type { ScheduleSpec, StoredSpec } from "./schedule-spec";

/** A valid spec: what to store of it, and its ticks. */
export interface ParsedSpec {
  readonly stored: StoredSpec;
  readonly ticks: Ticks;
}

/**
 * Checks a spec and makes it ready for use. Whether it ever ticks again is `ticks.next(now) !== undefined`.
 *
 * @throws InvalidArgumentError as `normalizeSpec` does.
 */
export function parseSpec(spec: ScheduleSpec): ParsedSpec {
  const stored = normalizeSpec(spec);
  return { stored, ticks: ticksOf(stored) };
}
