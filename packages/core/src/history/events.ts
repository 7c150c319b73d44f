import type { FailureDetails } from "../failure";
import type { WallClock } from "../wall-clock";

/** JSON text produced by the codec at the edge. Core and backends store it and never look inside. */
export type Payload = string;

/** Who started a sub-orchestration, and under which of its decisions. */
export interface ParentInstance {
  readonly name: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskScheduledId: number;
}

/** Whom a finished instance tells so, by an external event whose payload is `{ instanceId, status }`. */
export interface CompletionNotice {
  readonly instanceId: string;
  readonly eventName: string;
}

/** Why an instance is parked: what history (or the registry) expected beside what the code did. */
export interface BlockedReason {
  readonly kind: "NonDeterminism" | "UnknownOrchestration";
  readonly message: string;
  readonly expected?: string;
  readonly actual?: string;
}

export type TerminalStatus = "Completed" | "Failed" | "Terminated";

interface Events {
  ExecutionStarted: {
    readonly executionId: string;
    readonly name: string;
    readonly version?: string;
    readonly input?: Payload;
    readonly parent?: ParentInstance;
    readonly tags?: Readonly<Record<string, string>>;
    /** Milliseconds since the epoch before which no code of the instance runs. */
    readonly scheduledStartTime?: number;
    /** The instance that started it, detached. */
    readonly startedBy?: string;
    /** Set when a finished instance of this id is left as it is. */
    readonly onlyNew?: true;
    readonly notify?: CompletionNotice;
  };
  OrchestratorStarted: object;
  TaskScheduled: {
    readonly eventId: number;
    readonly name: string;
    readonly input?: Payload;
    /** 1 for the first try; absent means 1. */
    readonly attempt?: number;
    /** Event id of the first attempt, the stable part of the idempotency key. Absent on the first attempt. */
    readonly firstAttemptId?: number;
    readonly timeoutMs?: number;
  };
  TaskCompleted: { readonly taskScheduledId: number; readonly result?: Payload };
  TaskFailed: { readonly taskScheduledId: number; readonly failure: FailureDetails };
  SubOrchestrationInstanceCreated: {
    readonly eventId: number;
    readonly name: string;
    readonly instanceId: string;
    readonly version?: string;
    readonly input?: Payload;
    readonly tags?: Readonly<Record<string, string>>;
    /** Set when it is no child: nobody waits for it. What follows is only set then. */
    readonly detached?: true;
    readonly scheduledStartTime?: number;
    readonly onlyNew?: true;
    readonly notify?: CompletionNotice;
  };
  SubOrchestrationInstanceCompleted: { readonly taskScheduledId: number; readonly result?: Payload };
  SubOrchestrationInstanceFailed: { readonly taskScheduledId: number; readonly failure: FailureDetails };
  TimerCreated: {
    readonly eventId: number;
    readonly fireAt: number;
    readonly name?: string;
    /** What `fireAt` was derived from; derived again before the timer fires. */
    readonly wallClock?: WallClock;
  };
  /** By an operator, or, without `messageId`, because a wall clock is said to show the time at another moment. */
  TimerMoved: { readonly timerId: number; readonly fireAt: number; readonly reason?: string };
  /** By an operator, or, without `messageId`, by the code itself. */
  TimerCancelled: { readonly timerId: number; readonly reason?: string };
  TimerFired: { readonly timerId: number; readonly fireAt: number };
  EventRaised: { readonly name: string; readonly input?: Payload };
  EventSent: {
    readonly eventId: number;
    readonly instanceId: string;
    readonly name: string;
    readonly input?: Payload;
  };
  TerminationSent: { readonly eventId: number; readonly instanceId: string; readonly reason?: string };
  ExecutionSuspended: { readonly reason?: string };
  ExecutionResumed: { readonly reason?: string };
  ExecutionTerminated: { readonly reason?: string; readonly recursive?: boolean };
  /** Asks a failed instance to try again. From a parent it carries the parent's new execution. */
  ExecutionRewound: { readonly reason?: string; readonly parent?: ParentInstance };
  /** Ends a turn whose events the code could not be given; they are applied first thing when it can. */
  ExecutionBlocked: { readonly reason: BlockedReason };
  ExecutionCompleted: {
    readonly status: TerminalStatus;
    readonly output?: Payload;
    readonly failure?: FailureDetails;
    /** Children to terminate along with this instance. */
    readonly terminatedChildren?: readonly string[];
  };
}

export type HistoryEventType = keyof Events;

export type HistoryEventOf<K extends HistoryEventType> = {
  readonly type: K;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Set on events that arrived as a message: a second arrival is recognised and dropped. */
  readonly messageId?: string;
} & Events[K];

/** One immutable fact in an instance's history. Names follow DurableTask.Core. */
export type HistoryEvent = { [K in HistoryEventType]: HistoryEventOf<K> }[HistoryEventType];

/** Exhaustive by construction: a new event type does not compile until it is handled. */
export type HistoryEventHandlers = { readonly [K in HistoryEventType]: (event: HistoryEventOf<K>) => void };

/** A decision of the code, recorded; `eventId` counts them from 0 in call order. */
export type DecisionEvent = Extract<HistoryEvent, { eventId: number }>;

/** The end of a task some decision opened. */
export type CompletionEvent =
  | Extract<HistoryEvent, { taskScheduledId: number }>
  | HistoryEventOf<"TimerFired">
  | HistoryEventOf<"TimerCancelled">;

/** The timer that starts a delayed instance has no decision behind it. */
export const START_TIMER_ID = -1;

/** Whether the code of an instance waits for its start timer. */
export function startsLater(event: HistoryEventOf<"ExecutionStarted">): boolean {
  return event.scheduledStartTime !== undefined && event.scheduledStartTime > event.timestamp;
}

export function isDecision(event: HistoryEvent): event is DecisionEvent {
  return "eventId" in event;
}

export function isCompletion(event: HistoryEvent): event is CompletionEvent {
  return "taskScheduledId" in event || event.type === "TimerFired" || event.type === "TimerCancelled";
}

/** Whether something is waited for because of a decision. */
export function opensTask(event: DecisionEvent): boolean {
  return event.type !== "EventSent" && event.type !== "TerminationSent" && !("detached" in event);
}

/** The id of the decision a completion answers. */
export function completedTaskId(event: CompletionEvent): number {
  return "timerId" in event ? event.timerId : event.taskScheduledId;
}
