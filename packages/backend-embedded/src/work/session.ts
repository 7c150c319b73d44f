/**
 * Exclusive access to one instance of a partition this process owns.
 *
 * - S1 Whatever is written is written only while the partition is still owned and the instance's row is the one this
 *   session knows (B5); checking and writing are one transaction.
 * - S2 A checkpoint, what it sends and what it acknowledges are one transaction (B1, B2, B3).
 * - S3 While activities run here, an anchor in the file brings the instance back should the process die.
 */
import {
  StorageUnavailableError,
  Cancellation,
  WorkItemLockLostError,
  activityMessage,
  isTerminal,
  outboxOf,
  timerMessageOf,
} from "@perdure/core";
import type {
  ActivityMessage,
  Checkpoint,
  HistoryEvent,
  HistoryEventOf,
  InstanceState,
  InstanceVersion,
  LoadedInstance,
  OrchestrationSession,
  TaskMessage,
} from "@perdure/core";
import type { Transaction } from "../file/group-commit";
import { formatRow, isCommit, keptInput, statusOf } from "../file/instance-row";
import type { InstanceRow } from "../file/instance-row";
import { readHistory, readInstance, removeInstance, writeInstance } from "../file/instance-rows";
import { keys } from "../file/keys";
import type { Creation } from "./creation";
import { bury } from "./dead-letter-row";
import type { Held } from "./held";
import type { Inbox } from "./inbox";
import { formatLetter } from "./letter";
import type { Letter } from "./letter";
import { lockLost } from "./lock-lost";
import { queuedActivities } from "./mailroom";
import type { OwnedPartition } from "./owned-partition";
import { Outgoing } from "./post";
import type { Services } from "./services";

/** What this process knows of an instance that it committed or loaded; true while the row is of this commit. */
interface Version {
  readonly partition: OwnedPartition;
  readonly row: InstanceRow;
  /** Due times of its open timers, by message id. */
  readonly timers: Map<string, number>;
}

/** How long a session is not tried again when the disk refused its end. */
export const RETRY_MS = 1000;

const UNKNOWN: InstanceRow = { commits: 0, turns: 0 };

export class EmbeddedSession implements OrchestrationSession, Held {
  readonly #lost = new Cancellation();
  #deliveryCount = 1;
  #version: Version | undefined;
  #hasEnded = false;
  /** Another process owns it, as a transaction has seen. */
  #isPartitionLost = false;
  /** Activities of this instance that this session runs, by event id. */
  #claims = new Set<number>();
  #isAnchored = false;

  constructor(
    private readonly inbox: Inbox,
    private readonly services: Services,
    /** Called when it has ended. */
    private readonly onEnd: (partition: OwnedPartition) => void,
  ) {
    services.held.add(this);
  }

  get instanceId(): string {
    return this.inbox.instanceId;
  }

  get deliveryCount(): number {
    return this.#deliveryCount;
  }

  get isLost(): boolean {
    return this.#lost.isAborted;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get version(): InstanceVersion | undefined {
    return this.#version;
  }

  attach(candidate: InstanceVersion): boolean {
    const version = candidate as Version;
    const { inbox, services } = this;
    if (this.#hasEnded || inbox.orphans || version.partition !== inbox.partition) return false;
    if (!isCommit(services.file.get(keys.state(this.instanceId)), version.row.commits)) return false;
    this.#version = version;
    return true;
  }

  async load(): Promise<LoadedInstance> {
    this.assertHeld();
    const { file } = this.services;
    const row = readInstance(file, this.instanceId) ?? UNKNOWN;
    const history = row.state ? readHistory(file, this.instanceId, row.turns) : [];
    this.#version = { partition: this.inbox.partition, row, timers: openTimers(row.state, history) };
    await this.repair(row.state, history);
    return row.state ? { state: row.state, history } : { history };
  }

  takeMessages(): readonly TaskMessage[] {
    if (this.#hasEnded) return [];
    const letters = this.inbox.take();
    for (const { deliveryCount } of letters) {
      if (deliveryCount > this.#deliveryCount) this.#deliveryCount = deliveryCount;
    }
    return letters.map(({ message }) => message);
  }

  async waitForMessages(signal?: AbortSignal): Promise<void> {
    if (this.inbox.session !== this || (this.inbox.hasMail && !this.#hasEnded)) return;
    await this.inbox.arrivals.wait(signal ? [signal] : []);
  }

  async checkpoint(checkpoint: Checkpoint): Promise<void> {
    const { limit, post, file, mailroom } = this.services;
    const { state, mode, events, localActivities, cancelledTimers } = checkpoint;
    if (!this.#version) throw new Error("invariant: an instance is loaded before its checkpoint");
    const absorbed = this.absorbable(this.#version);
    const before = absorbed ? this.#version : this.caughtUp(this.#version);
    const taken = this.inbox.taken;
    const row = nextRow(before.row, checkpoint, taken);
    const rowText = formatRow(row);
    const historyText = JSON.stringify(events);
    if (limit.mayExceed(rowText.length + historyText.length)) limit.check([state, events], this.instanceId);
    this.assertHeld();
    const timers = timersAfter(before.timers, checkpoint);
    const claims = claimsAfter(this.#claims, checkpoint);
    const cancelled = new Set(cancelledTimers);
    const outbox = outboxOf(state, events);
    const outgoing = new Outgoing();
    const write = (transaction: Transaction): void => {
      if (mode === "replace") {
        for (let turn = 0; turn < before.row.turns; turn++)
          transaction.remove(keys.history(this.instanceId, turn));
      }
      transaction.put(keys.history(this.instanceId, row.turns - 1), historyText);
      writeInstance(
        transaction,
        this.instanceId,
        row,
        before.row.commits > 0 ? before.row : undefined,
        rowText,
      );
      for (const letter of stored(taken)) transaction.remove(letter.key);
      for (const id of cancelledTimers) this.removeTimer(transaction, before.timers, id);
      for (const message of outbox.messages)
        if (!cancelled.has(message.id)) post.write(transaction, message, outgoing);
      for (const activity of outbox.activities) {
        const isOwn = activity.executionId === state.executionId; // not one a former generation left behind
        if (!(isOwn && localActivities.has(activity.taskScheduledId)))
          post.writeActivity(transaction, activity, outgoing);
      }
      this.anchor(transaction, claims.size > 0);
    };
    if (absorbed) absorbed.absorber = (transaction) => this.writeInstead(transaction, write);
    await this.commit(
      (transaction) => {
        if (absorbed) this.assertAbsorbed(absorbed);
        else {
          this.assertCurrent(transaction, before.row);
          write(transaction);
        }
      },
      () => {
        for (const id of cancelledTimers) timers.delete(id);
        this.#version = { partition: this.inbox.partition, row, timers };
        this.#claims = claims;
        this.#isAnchored = claims.size > 0;
        this.inbox.forget(taken);
        mailroom.reschedule(this.inbox);
        post.passOn(outgoing);
        if (isVisibleChange(before.row, row)) file.changes.notify(this.instanceId);
      },
    );
  }

  async handOver(activities: readonly ActivityMessage[]): Promise<void> {
    this.assertHeld();
    const outgoing = new Outgoing();
    const claims = new Set(this.#claims);
    for (const { taskScheduledId } of activities) claims.delete(taskScheduledId);
    await this.commit(
      (transaction) => {
        this.assertOwned(transaction);
        for (const activity of activities) this.services.post.writeActivity(transaction, activity, outgoing);
        this.anchor(transaction, claims.size > 0);
      },
      () => {
        for (const { taskScheduledId } of activities) this.#claims.delete(taskScheduledId);
        this.#isAnchored = claims.size > 0;
        this.services.post.passOn(outgoing);
      },
    );
  }

  async release(): Promise<void> {
    if (this.#hasEnded) return;
    const { inbox } = this;
    const { taken } = inbox;
    if (taken.length > 0) await this.settle((transaction) => this.acknowledge(transaction, taken));
    if (this.hasEnded()) return; // lost meanwhile
    inbox.forget(taken);
    this.end(0);
  }

  async abandon(retryAt: number, reason: string): Promise<void> {
    if (this.#hasEnded) return;
    const { inbox, services } = this;
    const { taken } = inbox;
    const poison = taken.filter(({ deliveryCount }) => deliveryCount >= services.maxDeliveryCount);
    const kept = taken.filter((letter) => !poison.includes(letter));
    await this.settle((transaction) => {
      for (const letter of stored(poison)) this.bury(transaction, letter, reason);
      for (const letter of stored(kept)) rewrite(transaction, letter, retryAt);
    });
    if (this.hasEnded()) return;
    inbox.forget(poison);
    inbox.putBack();
    this.end(retryAt);
  }

  async deadLetter(reason: string): Promise<void> {
    if (this.#hasEnded) return;
    const { inbox } = this;
    const { taken } = inbox;
    await this.settle((transaction) => {
      for (const letter of stored(taken)) this.bury(transaction, letter, reason);
    });
    if (this.hasEnded()) return;
    inbox.forget(taken);
    this.end(0);
  }

  /** Another owner may have the instance at once; whoever has this session must forget it. */
  giveBack(heldUntil = 0): void {
    if (this.#hasEnded) return;
    this.inbox.putBack();
    this.end(heldUntil);
    this.#lost.abort(this.lockLost());
  }

  /** The process is gone: nothing is given back, and nobody is left to be told. */
  die(): void {
    this.#hasEnded = true;
    this.services.held.delete(this);
  }

  /** A method, because it changes while something is awaited. */
  private hasEnded(): boolean {
    return this.#hasEnded;
  }

  private end(heldUntil: number): void {
    const { inbox } = this;
    this.die();
    inbox.session = undefined;
    inbox.arrivals.notify();
    inbox.heldUntil = heldUntil;
    if (this.#claims.size > 0) inbox.orphans = {};
    this.services.mailroom.reschedule(inbox);
    this.onEnd(inbox.partition);
  }

  /** Commits; a lock that turns out to be lost ends the session. */
  private async commit(apply: (transaction: Transaction) => void, onCommitted: () => void): Promise<void> {
    try {
      await this.services.commits.run(apply, onCommitted);
    } catch (error) {
      if (this.#isPartitionLost) this.services.mailroom.drop(this.inbox.partition);
      else if (WorkItemLockLostError.is(error)) this.giveBack();
      throw error;
    }
  }

  /** Commits the end of the session; nothing is to be done when the lock is lost. */
  private async settle(apply: (transaction: Transaction) => void): Promise<void> {
    try {
      await this.commit(
        (transaction) => {
          this.assertOwned(transaction);
          apply(transaction);
        },
        () => this.services.file.changes.notify(this.instanceId),
      );
    } catch (error) {
      if (StorageUnavailableError.is(error)) this.giveBack(this.services.clock.now() + RETRY_MS);
      if (!WorkItemLockLostError.is(error)) throw error;
    }
  }

  /** Activities that a former session ran here, and that nobody runs now, go to the work-item queue. */
  private async repair(state: InstanceState | undefined, history: readonly HistoryEvent[]): Promise<void> {
    const { inbox, services } = this;
    if (!inbox.orphans) return;
    const queued = inbox.orphans.queued ?? queuedActivities(services.file);
    const orphans = state && !isTerminal(state.status) ? openActivities(state, history) : [];
    const here = inbox.messageIds;
    const outgoing = new Outgoing();
    await this.commit(
      (transaction) => {
        this.assertOwned(transaction);
        for (const activity of orphans) {
          if (!queued.has(activity.id) && !here.has(`${activity.id}/result`))
            services.post.writeActivity(transaction, activity, outgoing);
        }
        transaction.remove(keys.anchor(inbox.partition.number, this.instanceId));
      },
      () => {
        inbox.orphans = undefined;
        services.post.passOn(outgoing);
      },
    );
  }

  /** The creation of the instance, if this checkpoint can be written in its place. */
  private absorbable({ row }: Version): Creation | undefined {
    const { creation } = this.inbox;
    return creation?.state === "queued" && row.commits === 0 ? creation : undefined;
  }

  /** Writes in place of the creation; false when the session has ended. */
  private writeInstead(transaction: Transaction, write: (transaction: Transaction) => void): boolean {
    const { partition } = this.inbox;
    if (this.#hasEnded || transaction.claim(partition.number) !== partition.claim) return false;
    write(transaction);
    return true;
  }

  /** What was loaded before the creation of the instance had been written. */
  private caughtUp(version: Version): Version {
    const row = this.inbox.creation?.row;
    return row && version.row.commits === 0 ? { ...version, row } : version;
  }

  private assertAbsorbed(creation: Creation): void {
    if (creation.state !== "absorbed") throw this.lockLost(); // the id is in use
  }

  private acknowledge(transaction: Transaction, letters: readonly Letter[]): void {
    for (const { key } of stored(letters)) transaction.remove(key);
    const row = readInstance(transaction.file, this.instanceId);
    if (!row?.pending || !letters.some(({ key }) => isNumber(key, row.pending?.number))) return;
    const { pending: _done, ...rest } = row;
    if (row.state) writeInstance(transaction, this.instanceId, { ...rest, commits: row.commits + 1 }, row);
    else removeInstance(transaction, this.instanceId, row);
  }

  private bury(transaction: Transaction, { key, message, deliveryCount }: Letter, reason: string): void {
    transaction.remove(key);
    bury(transaction, { kind: "message", message, deliveryCount }, reason, this.services.clock.now());
  }

  private removeTimer(transaction: Transaction, timers: ReadonlyMap<string, number>, id: string): void {
    const dueAt = timers.get(id);
    if (dueAt !== undefined) transaction.remove(keys.timer(this.inbox.partition.number, dueAt, id));
  }

  /** S3 */
  private anchor(transaction: Transaction, isNeeded: boolean): void {
    const key = keys.anchor(this.inbox.partition.number, this.instanceId);
    if (isNeeded && !this.#isAnchored) transaction.put(key, "");
    else if (!isNeeded && this.#isAnchored) transaction.remove(key);
  }

  /** S1 */
  private assertCurrent(transaction: Transaction, row: InstanceRow): void {
    this.assertOwned(transaction);
    if (!isCommit(transaction.file.get(keys.state(this.instanceId)), row.commits)) throw this.lockLost();
  }

  private assertOwned(transaction: Transaction): void {
    const { partition } = this.inbox;
    if (transaction.claim(partition.number) !== partition.claim) this.#isPartitionLost = true;
    if (this.#hasEnded || this.#isPartitionLost) throw this.lockLost();
  }

  private assertHeld(): void {
    if (this.#hasEnded) throw this.lockLost();
  }

  private lockLost(): WorkItemLockLostError {
    return lockLost(`Instance '${this.instanceId}'`);
  }
}

function nextRow(before: InstanceRow, checkpoint: Checkpoint, taken: readonly Letter[]): InstanceRow {
  const { state, mode, events } = checkpoint;
  const { pending, input, inputInHistory } = before;
  const started = events.findLast(
    (event): event is HistoryEventOf<"ExecutionStarted"> => event.type === "ExecutionStarted",
  );
  const isDealtWith = pending !== undefined && taken.some(({ key }) => isNumber(key, pending.number));
  return {
    commits: before.commits + 1,
    turns: mode === "replace" ? 1 : before.turns + 1,
    state,
    ...(started
      ? keptInput(started.input)
      : { ...(input === undefined ? {} : { input }), ...(inputInHistory ? { inputInHistory } : {}) }),
    ...(pending && !isDealtWith ? { pending } : {}),
  };
}

/** Those that have a row: not the start of an instance that was not created. */
function stored(letters: readonly Letter[]): readonly Letter[] {
  return letters.filter(({ key }) => key.length > 0);
}

/** Whether waiters want to know. */
function isVisibleChange(before: InstanceRow, { state }: InstanceRow): boolean {
  return statusOf(before) !== state?.status || before.state?.customStatus !== state?.customStatus;
}

function isNumber(key: Letter["key"], number: number | undefined): boolean {
  return key[0] === "inbox" && key[3] === number;
}

function rewrite(transaction: Transaction, letter: Letter, notBefore: number): void {
  const { key, message, arrivedAt, deliveryCount } = letter;
  transaction.put(key, formatLetter({ deliveryCount, arrivedAt, notBefore, message }));
}

function openTimers(state: InstanceState | undefined, history: readonly HistoryEvent[]): Map<string, number> {
  const timers = new Map<string, number>();
  if (state) trackTimers(timers, state, history);
  return timers;
}

/** A version is used up by its checkpoint: what is appended is noted in place. */
function timersAfter(before: Map<string, number>, { state, mode, events }: Checkpoint): Map<string, number> {
  const after = mode === "replace" ? new Map<string, number>() : before;
  trackTimers(after, state, events);
  return after;
}

/** Notes the messages of timers that events create or move, and forgets those of timers they fire. */
function trackTimers(
  timers: Map<string, number>,
  state: InstanceState,
  events: readonly HistoryEvent[],
): void {
  for (const event of events) {
    const message = timerMessageOf(state, event);
    if (message?.visibleAt !== undefined) timers.set(message.id, message.visibleAt);
    else if (event.type === "TimerFired") timers.delete(`${state.executionId}/${event.timerId}`);
  }
}

function claimsAfter(
  before: ReadonlySet<number>,
  { state, mode, events, localActivities }: Checkpoint,
): Set<number> {
  if (isTerminal(state.status)) return new Set();
  const claims = mode === "replace" ? new Set<number>() : new Set(before);
  for (const event of events) {
    if (event.type === "TaskCompleted" || event.type === "TaskFailed") claims.delete(event.taskScheduledId);
  }
  for (const eventId of localActivities) claims.add(eventId);
  return claims;
}

function openActivities(state: InstanceState, history: readonly HistoryEvent[]): readonly ActivityMessage[] {
  const open = new Map<number, HistoryEventOf<"TaskScheduled">>();
  for (const event of history) {
    if (event.type === "TaskScheduled") open.set(event.eventId, event);
    else if (event.type === "TaskCompleted" || event.type === "TaskFailed")
      open.delete(event.taskScheduledId);
  }
  return [...open.values()].map((event) => activityMessage(state, event));
}
