import { atOnce, WorkItemLockLostError } from "@perdure/core";
import type { ActivityMessage, ActivitySource, ActivityWorkItem, TaskMessage } from "@perdure/core";
import { isHeldBy, keepRenewing } from "./lock";
import type { Held, Services } from "./services";
import type { ActivityRecord } from "./store";

export class MemoryActivitySource implements ActivitySource {
  constructor(
    private readonly services: Services,
    private readonly held: Set<Held>,
  ) {}

  async lockNext(_limit: number, signal: AbortSignal): Promise<readonly ActivityWorkItem[]> {
    const { lifetime, store } = this.services;
    const item = await lifetime.next(store.activities, (record, now) => this.lock(record, now), signal);
    return item ? [item] : [];
  }

  private lock(record: ActivityRecord, now: number): ActivityWorkItem | undefined {
    const { store, lockMs, maxDeliveryCount } = this.services;
    if (record.deliveryCount >= maxDeliveryCount) {
      store.bury({ kind: "activity", ...record }, "its owners died again and again", now);
      return undefined;
    }
    const owner = {};
    record.deliveryCount++;
    record.lock = { owner, expiresAt: now + lockMs };
    store.activities.set(record, record.lock.expiresAt);
    return new MemoryActivity(record, owner, this.services, this.held);
  }
}

class MemoryActivity implements ActivityWorkItem, Held {
  readonly deliveryCount: number;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();

  constructor(
    private readonly record: ActivityRecord,
    private readonly owner: object,
    private readonly services: Services,
    private readonly held: Set<Held>,
  ) {
    this.deliveryCount = record.deliveryCount;
    held.add(this);
    void keepRenewing(
      services.clock,
      services.lockMs / 3,
      this.#ended.signal,
      () => this.renew(),
      () => this.lose(),
    );
  }

  get message(): ActivityMessage {
    return this.record.message;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  complete(result: TaskMessage): Promise<void> {
    return atOnce(() => {
      const { store, clock, limit } = this.services;
      limit.check(result, result.instanceId);
      this.assertHeld();
      store.deliver(result, clock.now());
      this.record.lock = undefined;
      store.activities.delete(this.record);
      this.die();
    });
  }

  abandon(retryAt: number, reason: string): Promise<void> {
    return atOnce(() => {
      const { store, clock, maxDeliveryCount } = this.services;
      if (this.isHeld()) {
        if (this.deliveryCount >= maxDeliveryCount) {
          store.activities.delete(this.record);
          store.bury({ kind: "activity", ...this.record }, reason, clock.now());
        } else this.unlock(retryAt);
      }
      this.die();
    });
  }

  giveBack(): void {
    if (this.isHeld()) this.unlock(this.services.clock.now());
    this.lose();
  }

  die(): void {
    this.#ended.abort("ended");
    this.held.delete(this);
  }

  private unlock(retryAt: number): void {
    this.record.lock = undefined;
    this.services.store.activities.set(this.record, retryAt);
  }

  private renew(): boolean {
    const { lock } = this.record;
    if (!lock || !this.isHeld()) return false;
    lock.expiresAt = this.services.clock.now() + this.services.lockMs;
    this.services.store.activities.set(this.record, lock.expiresAt);
    return true;
  }

  private lose(): void {
    this.die();
    this.#lost.abort(this.lockLost());
  }

  private assertHeld(): void {
    if (this.isHeld()) return;
    if (!this.#ended.signal.aborted) this.lose();
    throw this.lockLost();
  }

  private lockLost(): WorkItemLockLostError {
    return new WorkItemLockLostError(`Activity '${this.message.id}' is not locked by this worker any more.`);
  }

  private isHeld(): boolean {
    return !this.#ended.signal.aborted && isHeldBy(this.record.lock, this.owner, this.services.clock.now());
  }
}
