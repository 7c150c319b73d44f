export { jitterOf } from "./jitter";
export { LONGEST_INTERVAL, MOST_ITEMS, durationUpTo } from "./spec/bounds";
export { normalizeSpec } from "./spec/normalize-spec";
export { parseSpec } from "./spec/parse-spec";
export type { ParsedSpec } from "./spec/parse-spec";
export type {
  CalendarField,
  CalendarRange,
  CalendarSpec,
  ExclusionSpec,
  GapPolicy,
  IntervalSpec,
  OverlapPolicy,
  ScheduleSpec,
  StoredExclusion,
  StoredInterval,
  StoredSpec,
} from "./spec/schedule-spec";
export { ticksOf } from "./ticks/ticks";
export type { Ticks } from "./ticks/ticks";
export { timeZones } from "./time-zones";
export { periodic, stopPeriodic } from "./periodic";
export type { PeriodicBody, PeriodicOptions, PeriodicStop } from "./periodic";
export {
  COMMAND_EVENT,
  SCHEDULED_TIME_TAG,
  SCHEDULE_NAME,
  SCHEDULE_TAG,
  scheduleCode,
  scheduleInstanceId,
} from "./schedule/orchestration";
export { newSchedule, RUN_OVERLAP_POLICIES } from "./schedule/state";
export type {
  Backfill,
  BufferedRun,
  RunOverlapPolicy,
  ScheduleCommand,
  ScheduleDecision,
  ScheduleDefinition,
  ScheduledRun,
  ScheduleState,
} from "./schedule/state";
