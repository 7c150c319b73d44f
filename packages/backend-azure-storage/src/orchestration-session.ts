/**
 * One worker's hold on one instance: load, commit, send, acknowledge, in the order that survives a crash anywhere.
 *
 * - S1 Nothing is sent before the commit that decided it, nothing acknowledged before all of it is sent.
 * - S2 A message is acknowledged only after a commit that consumed it, or a read of the sentinel made after it came.
 * - S3 A session that ends by anything but `release` leaves its instance dirty: its last outbox is sent again at the
 *   next load, as if the epoch had died.
 */
import {
  WorkItemLockLostError,
  activityMessage,
  completedTaskId,
  isCompletion,
  isTerminal,
  outboxOf,
} from "@perdure/core";
import type {
  ActivityMessage,
  Checkpoint,
  HistoryEvent,
  InstanceState,
  InstanceVersion,
  LoadedInstance,
  OrchestrationSession,
  TaskMessage,
} from "@perdure/core";
import type { Delivery } from "./delivery";
import type { Committed, StoredHistory } from "./history-table";
import type { InstanceRecord, PartitionOwner } from "./partition-owner";
import { StorageConflict } from "./storage/storage-errors";

/** What an owner knows to be committed, for as long as it is the owner. */
class Version {
  constructor(
    readonly owner: PartitionOwner,
    readonly committed: Committed,
    readonly state: InstanceState,
  ) {}
}

export class AzureSession implements OrchestrationSession {
  #version: Version | undefined;
  /** The fence for the next commit; `undefined`: nothing is committed. */
  #base: Committed | undefined;
  #taken: Delivery[] = [];
  #deliveryCount = 1;
  #wake: (() => void) | undefined;
  #ended = false;
  #guessedFirst = false;
  #hasCommitted = false;
  #carriedIds: readonly string[] = [];
  /** Nothing this session has committed is still to be sent. */
  #allSent = true;
  readonly #lost = new AbortController();

  constructor(
    private readonly owner: PartitionOwner,
    private readonly record: InstanceRecord,
  ) {}

  get instanceId(): string {
    return this.record.instanceId;
  }

  get deliveryCount(): number {
    return this.#deliveryCount;
  }

  get isLost(): boolean {
    return this.#lost.signal.aborted;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get version(): InstanceVersion | undefined {
    return this.#version;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Taken and not yet consumed. */
  get taken(): readonly Delivery[] {
    return this.#taken;
  }

  belongsTo(owner: PartitionOwner): boolean {
    return this.owner === owner;
  }

  /** No worker has it yet: it never was. */
  recall(): void {
    this.#ended = true;
    this.record.session = undefined;
  }

  /** New messages are in the record's inbox. */
  notify(): void {
    this.#wake?.();
  }

  /** The ownership is over. */
  lose(): void {
    this.#ended = true;
    this.#lost.abort();
    this.#wake?.();
  }

  attach(version: InstanceVersion): boolean {
    if (!(version instanceof Version) || version.owner !== this.owner) return false;
    if (!this.owner.commits.isLatest(this.instanceId, version.committed.etag)) return false;
    this.#version = version;
    this.#base = version.committed;
    this.record.projection.assume(version.state);
    return true;
  }

  async load(): Promise<LoadedInstance> {
    if (this.isFirstStart()) {
      this.#guessedFirst = true; // the commit inserts the sentinel, and fails if there is one
      return { history: [] };
    }
    const present = [...this.record.inbox, ...this.#taken];
    const stored = await this.owner.services.history.load(this.instanceId);
    this.assertNotOvertaken(stored?.epoch);
    this.#base = stored;
    if (!stored || !("state" in stored)) {
      await this.dropStaleStarts();
      for (const delivery of present) delivery.proven = true; // S2
      return { history: [] };
    }
    if (this.owner.commits.needsRepair(this.instanceId, stored)) await this.repair(stored);
    else this.record.projection.assume(stored.state);
    for (const delivery of present) delivery.proven = true; // S2
    this.#version = new Version(this.owner, stored, stored.state);
    this.owner.commits.note(this.instanceId, { etag: stored.etag, status: stored.state.status });
    return { state: stored.state, history: stored.events };
  }

  takeMessages(): readonly TaskMessage[] {
    const deliveries = this.record.inbox.splice(0);
    this.#taken.push(...deliveries);
    for (const { deliveryCount } of deliveries)
      this.#deliveryCount = Math.max(this.#deliveryCount, deliveryCount);
    return deliveries.map(({ message }) => message);
  }

  waitForMessages(signal?: AbortSignal): Promise<void> {
    if (this.record.inbox.length > 0 || this.#ended || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener("abort", wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  async checkpoint(checkpoint: Checkpoint): Promise<void> {
    if (!this.owner.mayCommit()) await this.owner.services.renewLease(); // this process may have stood still
    if (this.#ended) throw new WorkItemLockLostError(`Instance '${this.instanceId}' is not held any more.`);
    if (!this.owner.mayCommit()) throw this.drop("its lease may have run out");
    const { services, commits } = this.owner;
    services.settings.payloadLimit.check(checkpoint.events, this.instanceId);
    services.settings.payloadLimit.check(checkpoint.state, this.instanceId);
    this.#hasCommitted = true;
    this.#allSent = false;
    const consumed = this.#taken;
    try {
      const commit = { ...checkpoint, state: this.withUnacknowledgedIds(checkpoint), epoch: commits.epoch };
      this.#base = await services.history.commit(this.instanceId, this.#base, commit);
    } catch (error) {
      if (error instanceof StorageConflict) throw await this.conflict();
      throw error;
    }
    this.#version = new Version(this.owner, this.#base, checkpoint.state);
    commits.note(this.instanceId, { etag: this.#base.etag, status: checkpoint.state.status });
    this.#guessedFirst = false;
    this.#taken = [];
    for (const delivery of consumed) delivery.consumed = delivery.proven = true;
    this.record.settled.push(...consumed);
    const input = inputOf(checkpoint.state, checkpoint.events);
    if (this.record.projection.changed(checkpoint.state, input, revisionOf(this.#base)))
      services.changes.notify(this.instanceId);
    await this.sendOutbox(checkpoint);
    this.#allSent = true;
    this.owner.messages.cancelTimers(checkpoint.cancelledTimers);
    this.owner.acknowledgeAllButAnchor(this.record);
  }

  async handOver(activities: readonly ActivityMessage[]): Promise<void> {
    await Promise.all(activities.map((activity) => this.owner.services.sendActivity(activity)));
  }

  async release(): Promise<void> {
    if (this.#ended) return;
    if (this.#taken.some(({ proven }) => !proven) && !(await this.prove())) return;
    this.record.settled.push(...this.#taken.splice(0));
    this.end();
    this.owner.settleLater(this.record);
  }

  async abandon(retryAt: number, reason: string): Promise<void> {
    if (this.#ended) return;
    const settled = this.#allSent ? this.record.settled.splice(0) : [];
    const deliveries = this.giveUp();
    if (deliveries.length === 0) deliveries.push(...settled.splice(0)); // something must bring the instance back
    this.end();
    try {
      await this.owner.giveBack(deliveries, retryAt, reason);
    } finally {
      for (const delivery of settled) this.owner.messages.acknowledge(delivery);
    }
  }

  async deadLetter(reason: string): Promise<void> {
    if (this.#ended) return;
    const taken = this.#taken.splice(0);
    this.end();
    await this.owner.messages.deadLetter(taken, reason);
    this.owner.settleLater(this.record);
  }

  /** A start that was never delivered before most likely finds nothing. */
  private isFirstStart(): boolean {
    if (this.record.mustRead || this.owner.commits.isDirty(this.instanceId)) return false;
    return this.record.inbox.some(({ message, deliveryCount }) => {
      return message.event.type === "ExecutionStarted" && deliveryCount <= 1;
    });
  }

  private assertNotOvertaken(epoch: number | undefined): void {
    if (epoch === undefined || epoch <= this.owner.commits.epoch) return;
    this.owner.lose();
    throw new WorkItemLockLostError(
      `A later owner of the partition has committed instance '${this.instanceId}'.`,
    );
  }

  /** Starts of an instance that was purged, or created anew, since they were first delivered. */
  private async dropStaleStarts(): Promise<void> {
    const starts = this.record.inbox.filter(
      ({ message, deliveryCount }) =>
        message.event.type === "ExecutionStarted" && !message.event.parent && deliveryCount > 1,
    );
    if (starts.length === 0) return;
    const row = await this.owner.services.instances.get(this.instanceId);
    for (const stale of starts) {
      const { event } = stale.message;
      if (event.type === "ExecutionStarted" && row?.["StartExecutionId"] === event.executionId) continue;
      this.record.inbox.splice(this.record.inbox.indexOf(stale), 1);
      this.record.settled.push({ ...stale, proven: true });
    }
  }

  /** Does again what the owner before may have left undone: sends its last outbox, hands out what it ran in memory. */
  private async repair(stored: StoredHistory): Promise<void> {
    const { state, events } = stored;
    const { messages, activities } = outboxOf(state, events);
    const claimed = isTerminal(state.status)
      ? []
      : openClaims(stored, (epoch) => this.owner.commits.isDeadClaim(epoch));
    const unsent = activities.filter(
      ({ executionId, taskScheduledId }) =>
        executionId !== state.executionId || !stored.claims.has(taskScheduledId),
    );
    const again = [...unsent, ...claimed].filter((activity) => !this.record.inbox.some(answers(activity)));
    await Promise.all([
      ...messages.map((message) => this.owner.services.send(message)),
      ...again.map((activity) => this.owner.services.sendActivity(activity)),
    ]);
    this.record.projection.changed(state, inputOf(state, events), revisionOf(stored));
    this.owner.commits.repaired(this.instanceId);
  }

  /** The recent ids, and those of messages that may come again although the history that holds them is replaced. */
  private withUnacknowledgedIds({ state, mode, events }: Checkpoint): Checkpoint["state"] {
    if (mode === "replace" && this.#base) {
      const known = new Set(events.map(({ messageId }) => messageId));
      const unacknowledged = [...this.record.settled, ...this.#taken].map(({ message }) => message.id);
      this.#carriedIds = unacknowledged.filter((id) => !known.has(id));
    }
    if (this.#carriedIds.length === 0) return state;
    return { ...state, recentMessageIds: [...new Set([...state.recentMessageIds, ...this.#carriedIds])] };
  }

  private async sendOutbox(checkpoint: Checkpoint): Promise<void> {
    const { state, events, localActivities } = checkpoint;
    const cancelled = new Set(checkpoint.cancelledTimers);
    const { messages, activities } = outboxOf(state, events);
    const { services } = this.owner;
    await Promise.all([
      ...messages.filter(({ id }) => !cancelled.has(id)).map((message) => services.send(message)),
      ...activities
        .filter((a) => !(a.executionId === state.executionId && localActivities.has(a.taskScheduledId)))
        .map((activity) => services.sendActivity(activity)),
    ]);
  }

  /** S2 for messages judged by a hot execution alone: storage must still be where it thinks it is. */
  private async prove(): Promise<boolean> {
    const sentinel = await this.owner.services.history.readSentinel(this.instanceId);
    if (sentinel?.committed.etag === this.#base?.etag) return true;
    if (sentinel && sentinel.committed.epoch > this.owner.commits.epoch) this.owner.lose();
    else this.redeliver();
    return false;
  }

  private drop(why: string): WorkItemLockLostError {
    this.redeliver();
    return new WorkItemLockLostError(`Instance '${this.instanceId}' was dropped: ${why}.`);
  }

  /** Another commit came first: a later owner's, or one of this owner's whose answer was lost. */
  private async conflict(): Promise<WorkItemLockLostError> {
    const sentinel = await this.owner.services.history.readSentinel(this.instanceId);
    if (sentinel && sentinel.committed.epoch > this.owner.commits.epoch) this.owner.lose();
    else this.redeliver();
    return new WorkItemLockLostError(`Another commit of instance '${this.instanceId}' came first.`);
  }

  /** Everything this session had goes to a new one that reads storage first. */
  private redeliver(): void {
    const guessed = this.#guessedFirst;
    const deliveries = this.giveUp();
    // Nothing of this session was ever committed.
    if (guessed && this.#hasCommitted) this.owner.commits.repaired(this.instanceId);
    this.record.mustRead = true;
    for (const delivery of deliveries) delivery.proven = false;
    this.record.inbox.push(...deliveries);
    this.end();
  }

  /** S3. All deliveries of the instance, none of which may be acknowledged on this session's word. */
  private giveUp(): Delivery[] {
    if (this.#hasCommitted) this.owner.commits.markDirty(this.instanceId);
    return [...this.record.settled.splice(0), ...this.#taken.splice(0), ...this.record.inbox.splice(0)];
  }

  private end(): void {
    this.#ended = true;
    this.#wake?.();
    this.owner.sessionEnded(this.record);
  }
}

/** The input of a generation that begins here, unless whoever created the instance has written it already. */
function inputOf(state: InstanceState, events: readonly HistoryEvent[]): string | undefined {
  const isClients = !state.parent && state.startedBy === undefined;
  if (isClients && state.executionId === state.startExecutionId) return undefined;
  const started = events.findLast((event) => event.type === "ExecutionStarted");
  return started?.type === "ExecutionStarted" ? (started.input ?? "") : undefined;
}

/** Whether a delivery is the result of this activity: it need not run again. */
function answers({ executionId, taskScheduledId }: ActivityMessage): (delivery: Delivery) => boolean {
  return ({ message: { executionId: ofExecution, event } }) =>
    (event.type === "TaskCompleted" || event.type === "TaskFailed") &&
    ofExecution === executionId &&
    event.taskScheduledId === taskScheduledId;
}

/** Ordinals only ever grow, across generations too. */
function revisionOf(committed: Committed): number {
  return committed.firstOrdinal + committed.eventCount;
}

/** Activities without a result that a dead epoch had said it runs itself. */
function openClaims(
  stored: StoredHistory,
  isDead: (epoch: number) => boolean,
): ReturnType<typeof activityMessage>[] {
  const done = new Set(stored.events.filter(isCompletion).map(completedTaskId));
  return stored.events.flatMap((event) => {
    if (event.type !== "TaskScheduled" || done.has(event.eventId)) return [];
    const claim = stored.claims.get(event.eventId);
    return claim !== undefined && isDead(claim) ? [activityMessage(stored.state, event)] : [];
  });
}
