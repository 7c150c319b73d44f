/** Starts, queries and manages orchestrations on any backend. */
export { Client } from "./client";
export type { ClientOptions } from "./client";
export type { DoctorOptions } from "./diagnosis/doctor";
export type { ExplainOptions } from "./diagnosis/explain";
export type {
  ActivityWait,
  EventWait,
  Explanation,
  InstanceOwner,
  StartWait,
  SubOrchestrationWait,
  TimerWait,
  Wait,
} from "./diagnosis/explanation";
export type { InstanceHandle, RaiseEventOptions, RestartOptions, TerminateOptions } from "./instance-handle";
export type {
  InstanceFilter,
  InstanceListing,
  InstanceSnapshotPage,
  ListFilter,
  PageOptions,
} from "./listing";
export type { PurgeFilter, PurgeManyOptions, PurgeOptions, PurgeProgress, PurgeResult } from "./purging";
export type {
  BackfillOptions,
  HubSchedules,
  ScheduleChanges,
  ScheduleDescription,
  ScheduleHandle,
  ScheduleOptions,
  ScheduleUpdate,
  TriggerOptions,
} from "./schedules";
export type { InstanceSnapshot } from "./snapshot";
export type { StartOptions } from "./starting";
export type { HubTimers, PendingTimer, TimerFilter, TimerReference } from "./timers";
export type { WaitOptions } from "./waiting";
export type { InstanceChange, WatchManyOptions, WatchOptions } from "./watching";
