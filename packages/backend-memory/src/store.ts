/**
 * One task hub in memory, shared by all the backend objects that are given it. Every method is synchronous, so
 * whatever a caller does without waiting is atomic (B1), and messages are there only after what decided them (B2).
 */
import { DueQueue, Wakeups } from "@perdure/core";
import type { ActivityMessage, DeadLetter, TaskMessage } from "@perdure/core";
import { frozenCopy } from "./frozen-copy";
import { InstanceRecord } from "./instance-record";
import type { Lock } from "./lock";

/** A stored activity on the work-item queue. */
export interface ActivityRecord {
  readonly message: ActivityMessage;
  deliveryCount: number;
  lock: Lock | undefined;
}

/** What could not be processed, and where it goes when it is redriven. */
export type Undelivered =
  | { readonly kind: "message"; readonly message: TaskMessage; readonly deliveryCount: number }
  | { readonly kind: "activity"; readonly message: ActivityMessage; readonly deliveryCount: number };

interface Buried {
  readonly letter: DeadLetter;
  readonly undelivered: Undelivered;
}

/** Give one to several `MemoryBackend` objects to have several workers or processes on one task hub. */
export class MemoryStore {
  /** Instances by the time a session can be had. */
  readonly ready = new DueQueue<InstanceRecord>();
  /** Activities by the time they can be locked. */
  readonly activities = new DueQueue<ActivityRecord>();
  readonly #instances = new Map<string, InstanceRecord>();
  readonly #deadLetters = new Map<string, Buried>();
  readonly #watchers = new Map<string, { count: number; readonly changes: Wakeups }>();
  #deadLetterCount = 0;

  find(instanceId: string): InstanceRecord | undefined {
    return this.#instances.get(instanceId);
  }

  get instances(): Iterable<InstanceRecord> {
    return this.#instances.values();
  }

  /** The record of an instance, made if need be. */
  open(instanceId: string): InstanceRecord {
    let record = this.#instances.get(instanceId);
    if (!record) this.#instances.set(instanceId, (record = new InstanceRecord(instanceId)));
    return record;
  }

  /** False once the record has been deleted. */
  holds(record: InstanceRecord): boolean {
    return this.#instances.get(record.instanceId) === record;
  }

  /** To be called after any change to a record: queues it for its next session and forgets it when it is empty. */
  reschedule(record: InstanceRecord): void {
    if (!this.holds(record)) return;
    if (record.dueAt === undefined) this.ready.delete(record);
    else this.ready.set(record, record.dueAt);
    if (record.isEmpty) this.#instances.delete(record.instanceId);
  }

  deliver(message: TaskMessage, now: number): void {
    const record = this.open(message.instanceId);
    record.mailbox.add(frozenCopy(message), now);
    this.reschedule(record);
    record.arrivals.notify();
  }

  enqueue(message: ActivityMessage, now: number): void {
    this.activities.set({ message: frozenCopy(message), deliveryCount: 0, lock: undefined }, now);
  }

  delete(record: InstanceRecord): void {
    this.#instances.delete(record.instanceId);
    this.ready.delete(record);
    this.changed(record.instanceId);
  }

  clear(): void {
    this.ready.clear();
    this.activities.clear();
    this.#instances.clear();
    this.#deadLetters.clear();
    for (const { changes } of this.#watchers.values()) changes.notify();
  }

  /** Tells who watches the instance. */
  changed(instanceId: string): void {
    this.#watchers.get(instanceId)?.changes.notify();
  }

  async waitForChange(instanceId: string, signal: AbortSignal): Promise<void> {
    let watched = this.#watchers.get(instanceId);
    if (!watched) this.#watchers.set(instanceId, (watched = { count: 0, changes: new Wakeups() }));
    watched.count++;
    await watched.changes.wait([signal]);
    if (--watched.count === 0) this.#watchers.delete(instanceId);
  }

  bury(undelivered: Undelivered, reason: string, now: number): void {
    const id = `dead-${++this.#deadLetterCount}`;
    const { message, deliveryCount } = undelivered;
    const letter: DeadLetter = {
      id,
      instanceId: message.instanceId,
      reason,
      deliveryCount,
      deadLetteredAt: now,
      body: JSON.stringify(message),
    };
    this.#deadLetters.set(id, { letter: Object.freeze(letter), undelivered });
  }

  get deadLetters(): readonly DeadLetter[] {
    return [...this.#deadLetters.values()].map(({ letter }) => letter);
  }

  exhume(id: string): Undelivered | undefined {
    const undelivered = this.#deadLetters.get(id)?.undelivered;
    this.#deadLetters.delete(id);
    return undelivered;
  }
}
