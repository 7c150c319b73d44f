import type { HistoryEventOf, Payload } from "./history/events";

/** The events that reach an instance as a message; all others are its own decisions. */
export type MessageEventType =
  | "ExecutionStarted"
  | "TaskCompleted"
  | "TaskFailed"
  | "SubOrchestrationInstanceCompleted"
  | "SubOrchestrationInstanceFailed"
  | "TimerFired"
  | "TimerMoved"
  | "TimerCancelled"
  | "EventRaised"
  | "ExecutionSuspended"
  | "ExecutionResumed"
  | "ExecutionTerminated"
  | "ExecutionRewound";

export type MessageEvent = { [K in MessageEventType]: HistoryEventOf<K> }[MessageEventType];

/** What instances and clients send to instances. A timer is a message to oneself with a later `visibleAt`. */
export interface TaskMessage {
  /** Derived from the decision that sent it: a repeat has the same id and the same content. */
  readonly id: string;
  readonly instanceId: string;
  /** Set when the message is meant for one execution only; others drop it. */
  readonly executionId?: string;
  /** Milliseconds since the Unix epoch; absent means at once. */
  readonly visibleAt?: number;
  readonly event: MessageEvent;
}

/** One activity to run, by any worker. */
export interface ActivityMessage {
  /** Derived from the decision that scheduled it. */
  readonly id: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly orchestrationName: string;
  readonly taskScheduledId: number;
  readonly name: string;
  readonly input?: Payload;
  readonly attempt: number;
  readonly firstAttemptId: number;
  readonly scheduledAt: number;
  readonly timeoutMs?: number;
}

/** All that a checkpoint sends once it is durable. */
export interface Outbox {
  readonly messages: readonly TaskMessage[];
  readonly activities: readonly ActivityMessage[];
}

export const EMPTY_OUTBOX: Outbox = { messages: [], activities: [] };
