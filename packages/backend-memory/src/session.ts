/**
 * Exclusive access to one instance.
 *
 * - S1 Whatever changes the store first checks that this session still holds the lock (B5); checking and changing are
 *   one synchronous step.
 * - S2 A session that has ended, in whatever way, changes nothing any more.
 * - S3 The lock stays in the store until it is given up: it brings the instance back when its owner dies.
 */
import { activityMessage, atOnce, outboxOf, WorkItemLockLostError } from "@perdure/core";
import type {
  ActivityMessage,
  Checkpoint,
  InstanceState,
  InstanceVersion,
  LoadedInstance,
  OrchestrationSession,
  TaskMessage,
} from "@perdure/core";
import { frozenCopy } from "./frozen-copy";
import type { InstanceRecord } from "./instance-record";
import { isHeldBy, keepRenewing } from "./lock";
import type { Letter } from "./mailbox";
import type { Held, Services } from "./services";
import type { MemoryStore } from "./store";

export class MemorySession implements OrchestrationSession, Held {
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  /** Whoever waits for messages need not. */
  readonly #left = new AbortController();
  #deliveryCount = 1;
  #version: InstanceVersion | undefined;

  constructor(
    private readonly record: InstanceRecord,
    private readonly owner: object,
    private readonly services: Services,
    private readonly held: Set<Held>,
  ) {
    held.add(this);
    void keepRenewing(
      services.clock,
      services.lockMs / 3,
      this.#ended.signal,
      () => this.renew(),
      () => this.lose(),
    );
  }

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

  attach(version: InstanceVersion): boolean {
    if (!this.isHeld() || this.record.version !== version || this.record.hasForeignClaims(this.owner))
      return false;
    this.#version = version;
    return true;
  }

  load(): Promise<LoadedInstance> {
    return atOnce(() => {
      this.assertHeld();
      const { state, history, version } = this.record;
      this.#version = version;
      if (!state) return { history: [] };
      this.repair(state);
      return { state, history };
    });
  }

  takeMessages(): readonly TaskMessage[] {
    if (!this.isHeld()) return [];
    const letters = this.record.mailbox.take(this.services.clock.now());
    this.#deliveryCount = letters.reduce(
      (most, { deliveryCount }) => Math.max(most, deliveryCount),
      this.#deliveryCount,
    );
    return letters.map(({ message }) => message);
  }

  async waitForMessages(signal?: AbortSignal): Promise<void> {
    const { clock } = this.services;
    const ends = signal ? [signal, this.#left.signal] : [this.#left.signal];
    while (!ends.some((end) => end.aborted)) {
      const at = this.#ended.signal.aborted ? undefined : this.record.mailbox.nextArrival;
      if (at !== undefined && at <= clock.now()) return;
      await this.record.arrivals.wait(ends, at === undefined ? undefined : { clock, at });
    }
  }

  async checkpoint(checkpoint: Checkpoint): Promise<void> {
    await atOnce(() => this.commit(checkpoint));
    await this.services.lifetime.breathe();
  }

  handOver(activities: readonly ActivityMessage[]): Promise<void> {
    return atOnce(() => {
      this.assertHeld();
      const { store, clock } = this.services;
      this.record.dropClaims(activities.map(({ taskScheduledId }) => taskScheduledId));
      for (const activity of activities) store.enqueue(activity, clock.now());
    });
  }

  release(): Promise<void> {
    return this.end((record, now) => {
      record.acknowledge();
      record.anchoredAt = record.hasClaims ? now : undefined;
    });
  }

  abandon(retryAt: number, reason: string): Promise<void> {
    return this.end((record, now) => {
      const { store, maxDeliveryCount } = this.services;
      buryLetters(store, record.mailbox.giveBack(maxDeliveryCount), reason, now);
      record.heldUntil = retryAt;
      record.anchoredAt = record.hasClaims ? retryAt : undefined;
    });
  }

  deadLetter(reason: string): Promise<void> {
    return this.end((record, now) => {
      buryLetters(this.services.store, record.mailbox.removeTaken(), reason, now);
      record.anchoredAt = record.hasClaims ? now : undefined;
    });
  }

  /** Another owner may have the instance at once; whoever has this session must forget it. */
  giveBack(): void {
    void this.end((record, now) => {
      record.mailbox.giveBack(Number.POSITIVE_INFINITY);
      record.anchoredAt = record.hasClaims ? now : undefined;
    });
    this.lose();
  }

  /** The process is gone: nothing is given back, and nobody is left to be told. */
  die(): void {
    this.#ended.abort("ended");
    this.held.delete(this);
  }

  private commit(checkpoint: Checkpoint): void {
    const { store, limit } = this.services;
    const { state, events, cancelledTimers } = checkpoint;
    limit.check([state, events], this.instanceId);
    this.assertHeld();
    const stored: Checkpoint = { ...checkpoint, state: frozenCopy(state), events: frozenCopy(events) };
    this.record.commit(stored, this.owner);
    this.#version = this.record.version;
    this.record.acknowledge();
    this.record.mailbox.delete(new Set(cancelledTimers));
    store.reschedule(this.record);
    this.sendOutbox(stored);
    store.changed(this.instanceId);
  }

  /** What a dead owner ran in memory goes to the work-item queue. */
  private repair(state: InstanceState): void {
    const { store, clock } = this.services;
    for (const event of this.record.takeForeignClaims(this.owner)) {
      store.enqueue(activityMessage(state, event), clock.now());
    }
  }

  private sendOutbox({ state, events, localActivities, cancelledTimers }: Checkpoint): void {
    const { store, clock } = this.services;
    const outbox = outboxOf(state, events);
    const cancelled = new Set(cancelledTimers);
    for (const message of outbox.messages) {
      if (!cancelled.has(message.id)) store.deliver(message, clock.now());
    }
    for (const activity of outbox.activities) {
      const isOwn = activity.executionId === state.executionId; // not one a former generation left behind
      if (!(isOwn && localActivities.has(activity.taskScheduledId))) store.enqueue(activity, clock.now());
    }
  }

  private end(settle: (record: InstanceRecord, now: number) => void): Promise<void> {
    return atOnce(() => {
      const { store, clock } = this.services;
      if (this.isHeld()) {
        this.record.lock = undefined;
        settle(this.record, clock.now());
        store.reschedule(this.record);
        store.changed(this.instanceId);
      }
      this.die(); // S2
      this.#left.abort("left");
    });
  }

  private renew(): boolean {
    const { lock } = this.record;
    if (!lock || !this.isHeld()) return false;
    lock.expiresAt = this.services.clock.now() + this.services.lockMs;
    this.services.store.reschedule(this.record);
    return true;
  }

  private lose(): void {
    this.die();
    this.#left.abort("left");
    this.#lost.abort(this.lockLost());
  }

  private isHeld(): boolean {
    const { store, clock } = this.services;
    return (
      !this.#ended.signal.aborted &&
      store.holds(this.record) &&
      isHeldBy(this.record.lock, this.owner, clock.now())
    );
  }

  private assertHeld(): void {
    if (this.isHeld()) return;
    if (!this.#ended.signal.aborted) this.lose();
    throw this.lockLost();
  }

  private lockLost(): WorkItemLockLostError {
    return new WorkItemLockLostError(
      `Instance '${this.instanceId}' is not locked by this session any more: nothing was changed.`,
    );
  }
}

export function buryLetters(
  store: MemoryStore,
  letters: readonly Letter[],
  reason: string,
  now: number,
): void {
  for (const letter of letters) store.bury({ kind: "message", ...letter }, reason, now);
}
