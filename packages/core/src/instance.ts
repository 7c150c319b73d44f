import type { FailureDetails } from "./failure";
import type {
  BlockedReason,
  CompletionNotice,
  ParentInstance,
  Payload,
  TerminalStatus,
} from "./history/events";
import type { Outbox } from "./messages";

/**
 * Where an instance stands. `Pending`: created, no code has run yet. `Blocked`: parked because its code and its
 * history disagree; a fixed deploy or `resume` lets it go on.
 */
export type RuntimeStatus = "Pending" | "Running" | "Suspended" | "Blocked" | TerminalStatus;

export const RUNTIME_STATUSES: readonly RuntimeStatus[] = [
  "Pending",
  "Running",
  "Suspended",
  "Blocked",
  "Completed",
  "Failed",
  "Terminated",
];

export function isTerminal(status: RuntimeStatus): status is TerminalStatus {
  return status === "Completed" || status === "Failed" || status === "Terminated";
}

/** An external event that the code waits for. */
export interface AwaitedEvent {
  readonly name: string;
  /** When it began to wait, milliseconds since the epoch. */
  readonly since: number;
}

/** What a checkpoint leaves behind besides history: small, rewritten whole by every checkpoint. */
export interface InstanceState {
  readonly instanceId: string;
  /** Changes with every generation: continue-as-new, rewind, and reuse of the id. */
  readonly executionId: string;
  /** The execution id the instance was created with; continue-as-new keeps it. */
  readonly startExecutionId: string;
  readonly name: string;
  readonly version?: string;
  readonly status: RuntimeStatus;
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
  readonly completedAt?: number;
  readonly scheduledStartTime?: number;
  readonly parent?: ParentInstance;
  readonly tags?: Readonly<Record<string, string>>;
  readonly customStatus?: Payload;
  readonly output?: Payload;
  readonly failure?: FailureDetails;
  readonly blocked?: BlockedReason;
  /** The instance that started it, detached. */
  readonly startedBy?: string;
  readonly notify?: CompletionNotice;
  /** When the first of its pending timers is due, that of a delayed start included. */
  readonly nextTimerAt?: number;
  /** What its code waits for and no history tells, the oldest few first. For people; nothing goes by it. */
  readonly awaitedEvents?: readonly AwaitedEvent[];
  /** Ids of messages of former generations, newest last: their repeats are dropped. */
  readonly recentMessageIds: readonly string[];
  /** What former generations that ended within the last turn decided; part of that turn's outbox. */
  readonly carriedOutbox?: Outbox;
}

/** What clients see of an instance. */
export interface InstanceStatus {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  readonly version?: string;
  readonly status: RuntimeStatus;
  /** Milliseconds since the Unix epoch, as all times here. */
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
  readonly completedAt?: number;
  readonly scheduledStartTime?: number;
  readonly parent?: ParentInstance;
  readonly tags?: Readonly<Record<string, string>>;
  readonly input?: Payload;
  readonly customStatus?: Payload;
  readonly output?: Payload;
  readonly failure?: FailureDetails;
  readonly blocked?: BlockedReason;
  /** The instance that started it, detached. */
  readonly startedBy?: string;
  readonly notify?: CompletionNotice;
  /** When the first of its pending timers is due, that of a delayed start included. */
  readonly nextTimerAt?: number;
  /** Events its code waits for, the oldest few first. Absent in pages of a query where that would cost something. */
  readonly awaitedEvents?: readonly AwaitedEvent[];
}
