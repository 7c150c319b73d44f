/**
 * The contract between workers, clients and storage: two sources of lockable work and an instance store.
 *
 * Backends know envelopes (ids, addresses, times) and never meanings. The invariants they keep, each a case of the
 * conformance suite:
 *
 * - B1 Atomic: after a checkpoint resolves or throws, a reader sees all of it or none.
 * - B2 Persist, then send: no message of a checkpoint can be locked by anyone before the checkpoint is readable.
 * - B3 No loss: once `checkpoint`, `create` or `send` resolves, its messages survive any crash.
 * - B4 At least once: a message may come again, with the same id, never with other content.
 * - B5 One owner: checkpointing or renewing with a lost lock throws `WorkItemLockLostError` and changes nothing.
 * - B6 Whole batch: a session sees the full committed history and every message visible then, in arrival order.
 * - B7 Not early: nothing is delivered before its `visibleAt` by the backend's clock, and everything is eventually.
 * - B8 First is first: messages for an instance without history wait for its start or are dead-lettered.
 * - B9 Abandon is rollback: the same messages return, not before `retryAt`, with a higher delivery count; past the
 *   backend's limit they are dead-lettered.
 * - B10 Create is exclusive: of concurrent creates of one id exactly one wins and every loser is told.
 * - B11 Opaque: payloads come back byte for byte up to the documented limit, beyond it `PayloadTooLargeError`.
 * - B12 Quiet stop: after `stop` resolves no timer, request or file handle remains.
 */
import type { Clock } from "./clock";
import type { HubDiagnostics } from "./diagnostics";
import type { HistoryEvent, HistoryEventOf, Payload } from "./history/events";
import type { InstanceState, InstanceStatus, RuntimeStatus } from "./instance";
import type { ActivityMessage, TaskMessage } from "./messages";

/** One task hub on some storage. Workers and clients of one process share one object. */
export interface Backend {
  readonly orchestrations: OrchestrationSource;
  readonly activities: ActivitySource;
  readonly instances: InstanceStore;
  readonly deadLetters: DeadLetterStore;
  /** The hub's time, where the backend knows better than the machine. Workers and clients go by it. */
  readonly clock?: Clock;
  /** What operators ask. Absent where a backend has nothing to tell. */
  readonly diagnostics?: HubDiagnostics;
  /** Creates what the hub needs in storage. Does nothing when it is there. */
  createTaskHub(): Promise<void>;
  /** Deletes the hub with all its instances. Workers must be stopped. */
  deleteTaskHub(): Promise<void>;
  /** Starts taking work from storage. A process that is only a client never calls it. */
  start(): Promise<void>;
  /** Gives back what is locked and ends all activity of this object. May be called first, twice, and waits. */
  stop(): Promise<void>;
}

/** Identifies one committed state of one instance, as known to the owner that committed or loaded it. */
export type InstanceVersion = object;

/** Where instances with something to do come from. */
export interface OrchestrationSource {
  /** How many turns at a time suit the storage: the default of workers. Absent: what suits most. */
  readonly suitableTurns?: number;
  /** Locks the next instance that has messages. Waits for one; `undefined` only when `signal` aborts. */
  lockNext(signal: AbortSignal): Promise<OrchestrationSession | undefined>;
}

/** What is stored of an instance. Neither field is set for an instance without history. */
export interface LoadedInstance {
  readonly state?: InstanceState;
  readonly history: readonly HistoryEvent[];
}

/**
 * Exclusive access to one instance, for one turn or many. The lock renews itself until the session ends, by `release`,
 * `abandon`, `deadLetter` or loss; after that no method but these may be called, and they do nothing.
 *
 * If the process dies while a session is held, another owner gets the instance when there is something left to do: a
 * message that no checkpoint has consumed, or activities that this worker ran itself.
 */
export interface OrchestrationSession {
  readonly instanceId: string;
  /** Highest number of times one of the messages taken so far has been delivered; 1 at first. */
  readonly deliveryCount: number;
  /** True once the lock is lost: forget everything about the instance. */
  readonly isLost: boolean;
  /** Aborts then. */
  readonly lost: AbortSignal;
  /** The version after the last `load`, successful `attach` or `checkpoint`. */
  readonly version: InstanceVersion | undefined;
  /** True when `version` is still the committed one by this owner's knowledge: no `load` is needed. */
  attach(version: InstanceVersion): boolean;
  /**
   * Reads state and history, after repairing what a dead owner left undone: its last outbox is sent again, and
   * activities it ran in memory go to the work-item queue.
   */
  load(): Promise<LoadedInstance>;
  /** Takes every message that has arrived since the last call, in arrival order. */
  takeMessages(): readonly TaskMessage[];
  /** Resolves when there are messages to take, when the session has ended or when `signal` aborts. */
  waitForMessages(signal?: AbortSignal): Promise<void>;
  /**
   * Commits atomically, then sends the outbox, then acknowledges every message taken before the call.
   *
   * @throws WorkItemLockLostError when another owner committed first or the lock may have run out.
   * @throws PayloadTooLargeError when a payload exceeds the backend's limit. Nothing was written.
   */
  checkpoint(checkpoint: Checkpoint): Promise<void>;
  /** Queues, for any worker, activities that a checkpoint of this session said run here and that have not begun. */
  handOver(activities: readonly ActivityMessage[]): Promise<void>;
  /** Ends the session; messages taken and not part of a checkpoint had no effect and are acknowledged. */
  release(): Promise<void>;
  /** Ends the session; messages not part of a checkpoint return, not before `retryAt`. */
  abandon(retryAt: number, reason: string): Promise<void>;
  /** Ends the session; messages not part of a checkpoint go to the dead letters. */
  deadLetter(reason: string): Promise<void>;
}

/** The outcome of a turn, committed as a whole. What it sends is `outboxOf(checkpoint)`. */
export interface Checkpoint {
  readonly state: InstanceState;
  /** `append`: `events` follow the history. `replace`: `events` are the whole history from now on. */
  readonly mode: "append" | "replace";
  /** The events since this turn's last `OrchestratorStarted`, that one included; with `replace` more may precede. */
  readonly events: readonly HistoryEvent[];
  /** Event ids of scheduled activities that this worker runs itself: they are not sent. */
  readonly localActivities: ReadonlySet<number>;
  /** Ids of timer messages that need not be delivered any more, nor sent if they are part of this checkpoint. */
  readonly cancelledTimers: readonly string[];
}

/** Where activities come from that no orchestrating worker kept for itself. */
export interface ActivitySource {
  /**
   * Locks 1 to `limit` activities, as many as there are and come at once. Waits for the first; empty only when `signal`
   * aborts. A caller asks for no more than it can run: what is locked, others do not get.
   */
  lockNext(limit: number, signal: AbortSignal): Promise<readonly ActivityWorkItem[]>;
}

/** Exclusive access to one activity. The lock renews itself until the item ends. */
export interface ActivityWorkItem {
  readonly message: ActivityMessage;
  /** How often the message has been delivered; 1 at first. */
  readonly deliveryCount: number;
  /** Aborts when the lock is lost: the activity runs elsewhere, its result here is not wanted. */
  readonly lost: AbortSignal;
  /** Sends the result to the instance, then deletes the item. */
  complete(result: TaskMessage): Promise<void>;
  /** Gives the item back, not before `retryAt`. */
  abandon(retryAt: number, reason: string): Promise<void>;
}

export type StartMessage = TaskMessage & { readonly event: HistoryEventOf<"ExecutionStarted"> };

/** What clients do with instances. */
export interface InstanceStore {
  /**
   * Creates an instance in status Pending and queues its start, which is `message`.
   *
   * @throws InstanceAlreadyExistsError unless the id is free or its status is one of `reusable`.
   */
  create(message: StartMessage, reusable: readonly RuntimeStatus[]): Promise<void>;
  /** Queues a message. Whether the instance exists is for the caller to check. */
  send(message: TaskMessage): Promise<void>;
  /** The committed truth, not a projection. `undefined` when there is no such instance. */
  get(instanceId: string): Promise<InstanceStatus | undefined>;
  /** The committed history of the current generation; empty when there is none. */
  getHistory(instanceId: string): Promise<readonly HistoryEvent[]>;
  /** One page of instances. Pages may be empty and still have a token. */
  query(query: InstanceQuery): Promise<InstancePage>;
  /**
   * Deletes a finished instance with all it has in storage. False when there is none.
   *
   * @throws InvalidInstanceStateError when it has not finished.
   */
  purge(instanceId: string): Promise<boolean>;
  /**
   * Resolves once the status or the custom status of the instance may have changed: at once when this object committed
   * such a change after the call, at the latest when `signal` aborts. A hint: callers still look, and look again from
   * time to time.
   */
  waitForChange(instanceId: string, signal: AbortSignal): Promise<void>;
  /**
   * What status an instance has by what this object commits itself, while it commits every change and `waitForChange`
   * misses none; `undefined` of other instances. A hint that costs nothing: who acts on it looks first, and who waits
   * on it looks from time to time.
   */
  knownStatus(instanceId: string): RuntimeStatus | undefined;
}

export interface InstanceQuery {
  readonly statuses?: readonly RuntimeStatus[];
  readonly instanceIdPrefix?: string;
  /** Exact name of the orchestration. */
  readonly name?: string;
  /** Inclusive, milliseconds since the epoch. */
  readonly createdFrom?: number;
  /** Exclusive, milliseconds since the epoch. */
  readonly createdTo?: number;
  /** Exclusive, milliseconds since the epoch: those whose first pending timer is due before. */
  readonly nextTimerBefore?: number;
  /** Tags that must all be present with these values. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether pages carry inputs and outputs. */
  readonly includePayloads?: boolean;
  readonly pageSize: number;
  readonly continuationToken?: string;
}

export interface InstancePage {
  readonly instances: readonly InstanceStatus[];
  readonly continuationToken?: string;
}

/** A message nobody could process, kept for an operator. */
export interface DeadLetter {
  readonly id: string;
  readonly instanceId: string;
  readonly reason: string;
  readonly deliveryCount: number;
  readonly deadLetteredAt: number;
  /** JSON of the `TaskMessage` or `ActivityMessage`, or the raw text when it could not be parsed. */
  readonly body: Payload;
}

export interface DeadLetterStore {
  list(): AsyncIterable<DeadLetter>;
  /** Queues the message again and removes the dead letter. False when there is none. */
  redrive(id: string): Promise<boolean>;
  /** Removes the dead letter. False when there is none. */
  discard(id: string): Promise<boolean>;
}
