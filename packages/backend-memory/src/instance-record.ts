import { Wakeups, isTerminal, optional, startsLater } from "@perdure/core";
import type {
  Checkpoint,
  HistoryEvent,
  HistoryEventOf,
  InstanceState,
  InstanceStatus,
  InstanceVersion,
  Payload,
  StartMessage,
} from "@perdure/core";
import type { Lock } from "./lock";
import { Mailbox } from "./mailbox";

/** All that is stored of one instance id. What is inside is frozen. */
export class InstanceRecord {
  readonly mailbox = new Mailbox();
  /** Notified when a message arrives or will. */
  readonly arrivals = new Wakeups();
  version: InstanceVersion = {};
  state: InstanceState | undefined;
  /** The start of an instance that has been created, until a session has dealt with it. */
  pending: StartMessage | undefined;
  lock: Lock | undefined;
  /** Set when somebody must look at the instance then, messages or not. */
  anchoredAt: number | undefined;
  /** No session before that time. */
  heldUntil = Number.NEGATIVE_INFINITY;
  /** The owners that run activities of this instance in memory, by event id. */
  readonly #claims = new Map<number, object>();
  #history: HistoryEvent[] = [];
  #input: Payload | undefined;

  constructor(readonly instanceId: string) {}

  /** When a session can be had; `undefined` when there is no reason for one. */
  get dueAt(): number | undefined {
    if (this.lock) return this.lock.expiresAt;
    const arrival = this.mailbox.nextArrival;
    if (arrival === undefined && this.anchoredAt === undefined) return undefined;
    const reason = Math.min(arrival ?? Number.POSITIVE_INFINITY, this.anchoredAt ?? Number.POSITIVE_INFINITY);
    return Math.max(reason, this.heldUntil);
  }

  get isEmpty(): boolean {
    return !this.state && !this.pending && !this.lock && this.mailbox.isEmpty;
  }

  get history(): readonly HistoryEvent[] {
    return [...this.#history];
  }

  get status(): InstanceStatus | undefined {
    return this.pending
      ? pendingStatus(this.pending)
      : this.state && committedStatus(this.state, this.#input);
  }

  /** True when owners other than `owner` have left activities behind. */
  hasForeignClaims(owner: object): boolean {
    return [...this.#claims.values()].some((claimant) => claimant !== owner);
  }

  get hasClaims(): boolean {
    return this.#claims.size > 0;
  }

  /** Event ids of the activities that owners run in memory. */
  get claimed(): Iterable<number> {
    return this.#claims.keys();
  }

  /** Ends the claims of all owners but `owner` and returns the activities they had. */
  takeForeignClaims(owner: object): readonly HistoryEventOf<"TaskScheduled">[] {
    const foreign = [...this.#claims].filter(([, claimant]) => claimant !== owner);
    const orphans = new Set(foreign.map(([eventId]) => eventId));
    for (const eventId of orphans) this.#claims.delete(eventId);
    return this.#history.filter(
      (event): event is HistoryEventOf<"TaskScheduled"> =>
        event.type === "TaskScheduled" && orphans.has(event.eventId),
    );
  }

  dropClaims(eventIds: readonly number[]): void {
    for (const eventId of eventIds) this.#claims.delete(eventId);
  }

  /** Deletes the messages the session has taken. A start among them has done what it could. */
  acknowledge(): void {
    const acknowledged = this.mailbox.removeTaken();
    if (acknowledged.some(({ message }) => message.id === this.pending?.id)) this.pending = undefined;
  }

  /** Makes a checkpoint the committed state. `checkpoint` is frozen. */
  commit({ state, mode, events, localActivities }: Checkpoint, owner: object): void {
    this.version = {};
    this.state = state;
    if (mode === "replace") {
      this.#history = [];
      this.#claims.clear();
      this.#input = undefined;
    }
    for (const event of events) {
      this.#history.push(event);
      if (event.type === "ExecutionStarted") this.#input = event.input;
      if (event.type === "TaskCompleted" || event.type === "TaskFailed")
        this.#claims.delete(event.taskScheduledId);
    }
    for (const eventId of localActivities) this.#claims.set(eventId, owner);
    if (isTerminal(state.status)) this.#claims.clear();
  }
}

function pendingStatus({ instanceId, event }: StartMessage): InstanceStatus {
  return {
    instanceId,
    executionId: event.executionId,
    name: event.name,
    ...optional("version", event.version),
    status: "Pending",
    createdAt: event.timestamp,
    lastUpdatedAt: event.timestamp,
    ...optional("scheduledStartTime", event.scheduledStartTime),
    ...optional("nextTimerAt", startsLater(event) ? event.scheduledStartTime : undefined),
    ...optional("parent", event.parent),
    ...optional("tags", event.tags),
    ...optional("input", event.input),
  };
}

function committedStatus(state: InstanceState, input: Payload | undefined): InstanceStatus {
  const { startExecutionId: _start, recentMessageIds: _ids, carriedOutbox: _carried, ...visible } = state;
  return { ...visible, ...optional("input", input) };
}
