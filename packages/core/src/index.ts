/** Pure core: history, tasks, replay, the turn, and the contract of backends. No I/O, no dependency. */
export { atOnce } from "./at-once";
export { Cancellation } from "./cancellation";
export * from "./backend";
export { MAX_PAYLOAD_BYTES, decode, encode } from "./codec";
export { elapsedBy } from "./clock";
export type { Clock } from "./clock";
export { assertClockIsSet, reportSteps, spanText } from "./clock-report";
export { defineActivity, defineEvent, defineOrchestration, nameOf } from "./definitions";
export type {
  ActivityContext,
  ActivityDefinition,
  ActivityHandler,
  AnyActivity,
  AnyOrchestration,
  EventDefinition,
  InputArgs,
  OrchestrationDefinition,
  OrchestrationDefinitionOptions,
  OrchestrationHandler,
} from "./definitions";
export { FINDING_KINDS } from "./diagnostics";
export type {
  ActivityWhereabouts,
  CheckOptions,
  Finding,
  FindingKind,
  FindingSubject,
  FixReport,
  HubDiagnostics,
  InstanceWhereabouts,
  PartitionOwnership,
  Trouble,
  WaitingMessage,
} from "./diagnostics";
export { DueQueue } from "./due-queue";
export { durationMs, momentMs } from "./duration";
export type { Duration, Moment } from "./duration";
export * from "./errors";
export { toError, toFailure } from "./failure";
export type { FailureDetails } from "./failure";
export { optional } from "./fields";
export { START_TIMER_ID, completedTaskId, isCompletion, isDecision, startsLater } from "./history/events";
export type {
  BlockedReason,
  CompletionEvent,
  CompletionNotice,
  DecisionEvent,
  HistoryEvent,
  HistoryEventOf,
  HistoryEventType,
  ParentInstance,
  Payload,
  TerminalStatus,
} from "./history/events";
export { pendingTimers } from "./history/pending-timers";
export type { TimerFacts } from "./history/pending-timers";
export { assertInstanceId, assertName, deriveId } from "./ids";
export { RUNTIME_STATUSES, isTerminal } from "./instance";
export type { AwaitedEvent, InstanceState, InstanceStatus, RuntimeStatus } from "./instance";
export { silentLogger } from "./logger";
export type { LogLevel, Logger } from "./logger";
export type { ActivityMessage, MessageEvent, MessageEventType, Outbox, TaskMessage } from "./messages";
export type {
  ActivityOptions,
  ContinueAsNewOptions,
  EventOptions,
  MapOptions,
  CompletionReport,
  OrchestrationContext,
  StartDetachedOptions,
  SubOrchestrationOptions,
  TimerOptions,
  TimerTask,
} from "./orchestration/context";
export type { LogEntry } from "./orchestration/execution";
export { LiveInstance } from "./orchestration/live-instance";
export { openWork } from "./orchestration/open-work";
export type { OpenActivity, OpenChild, OpenTimer, OpenWork } from "./orchestration/open-work";
export { activityMessage, completionForParent, outboxOf, timerMessageOf } from "./orchestration/outbox";
export { runTurn } from "./orchestration/turn";
export type { Turn } from "./orchestration/turn";
export { PayloadLimit } from "./payload-limit";
export { Registry } from "./registry";
export type { SchemaInput, SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema";
export { SteadyClock } from "./steady-clock";
export type { ClockStep, SteadyClockOptions, TimeSources } from "./steady-clock";
export { systemClock } from "./system-clock";
export { Task } from "./tasks/task";
export type { OrchestrationGenerator, TaskOutcome } from "./tasks/task";
export type { TaskOutcomes, TaskResults } from "./tasks/combinators";
export type { RetryContext, RetryPolicy } from "./tasks/retry";
export { VirtualClock } from "./virtual-clock";
export type { TimeZones, WallClock } from "./wall-clock";
export { Wakeups } from "./wakeups";
