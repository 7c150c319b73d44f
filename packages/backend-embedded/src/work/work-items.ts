/**
 * The work-item queue: activities that any process may run. Taking one moves it to the time its lock runs out, and notes
 * who has it: `[deliveries, message, process]`.
 */
import { StorageUnavailableError } from "@perdure/core";
import type { ActivityMessage, ActivityWorkItem, TaskMessage } from "@perdure/core";
import type { Transaction } from "../file/group-commit";
import { keys, under } from "../file/keys";
import type { Key } from "../file/keys";
import { bury } from "./dead-letter-row";
import type { Held } from "./held";
import { lockLost } from "./lock-lost";
import { Outgoing } from "./post";
import type { Services } from "./services";

export class WorkItems {
  readonly #items = new Set<WorkItem>();

  /** @param processId Noted with what is taken. */
  constructor(
    private readonly services: Services,
    private readonly processId: string,
  ) {}

  /** When the next activity can be taken; `undefined` when there is none. */
  get nextDue(): number | undefined {
    const [key] = this.services.file.keysIn(under("activity"), 1);
    return key && Number(key[1]);
  }

  /** Takes up to `limit` that can be had now. */
  async take(limit: number): Promise<readonly ActivityWorkItem[]> {
    const { commits, clock } = this.services;
    const now = clock.now();
    if ([...this.#items].some((item) => item.dueAt <= now)) await this.renew(); // the machine slept: nobody else has them
    const taken: WorkItem[] = [];
    await commits.run(
      (transaction) => this.lockSome(transaction, limit),
      (locked) => {
        for (const { key, message, deliveryCount } of locked) {
          const item = new WorkItem(key, message, deliveryCount, this.services, this.#items);
          this.#items.add(item);
          taken.push(item);
        }
      },
    );
    return taken;
  }

  /** Prolongs the locks of all that run. */
  async renew(): Promise<void> {
    const { commits, clock, lockMs } = this.services;
    const items = [...this.#items];
    if (items.length === 0) return;
    const moved: [WorkItem, Key][] = [];
    try {
      await commits.run(
        (transaction) => {
          const dueAt = clock.now() + lockMs;
          for (const item of items) moved.push([item, item.moveTo(transaction, dueAt, this.processId)]);
        },
        () => {
          for (const [item, key] of moved) item.moved(key);
        },
      );
    } catch (error) {
      for (const item of items) item.stayed();
      throw error;
    }
  }

  private lockSome(
    transaction: Transaction,
    limit: number,
  ): readonly { readonly key: Key; readonly message: ActivityMessage; readonly deliveryCount: number }[] {
    const { clock, lockMs, maxDeliveryCount } = this.services;
    const now = clock.now();
    const locked = [];
    for (const { key, value } of transaction.file.rows(under("activity"), limit)) {
      if (Number(key[1]) > now) break;
      const [count, message] = JSON.parse(value) as [number, ActivityMessage];
      transaction.remove(key);
      if (count >= maxDeliveryCount) {
        bury(
          transaction,
          { kind: "activity", message, deliveryCount: count },
          "its owners died again and again",
          now,
        );
        continue;
      }
      const deliveryCount = count + 1;
      const moved = keys.activity(now + lockMs, transaction.nextNumber());
      transaction.put(moved, JSON.stringify([deliveryCount, message, this.processId]));
      locked.push({ key: moved, message, deliveryCount });
    }
    return locked;
  }
}

/** What dead processes had in hand can be had at once. Returns how much that was. */
export function freeItems(transaction: Transaction, dead: ReadonlySet<string>, now: number): number {
  let freed = 0;
  for (const { key, value } of transaction.file.rows(under("activity"))) {
    const [deliveryCount, message, processId] = JSON.parse(value) as [number, ActivityMessage, string?];
    if (processId === undefined || !dead.has(processId)) continue;
    transaction.remove(key);
    transaction.put(keys.activity(now, transaction.nextNumber()), JSON.stringify([deliveryCount, message]));
    freed++;
  }
  return freed;
}

class WorkItem implements ActivityWorkItem, Held {
  readonly #lost = new AbortController();
  #hasEnded = false;
  /** Where a transaction that is not on the disk yet has moved the item; those that follow in its group look there. */
  #nextKey: Key | undefined;

  constructor(
    private key: Key,
    readonly message: ActivityMessage,
    readonly deliveryCount: number,
    private readonly services: Services,
    private readonly items: Set<WorkItem>,
  ) {
    services.held.add(this);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** When the lock runs out. */
  get dueAt(): number {
    return Number(this.key[1]);
  }

  async complete(result: TaskMessage): Promise<void> {
    const { limit, commits, post } = this.services;
    limit.check(result, result.instanceId);
    this.assertHeld();
    const outgoing = new Outgoing();
    try {
      await commits.run(
        (transaction) => {
          transaction.remove(this.assertStored(transaction));
          post.write(transaction, result, outgoing);
        },
        () => {
          this.die();
          post.passOn(outgoing);
        },
      );
    } catch (error) {
      if (!StorageUnavailableError.is(error)) this.lose();
      throw error;
    }
  }

  async abandon(retryAt: number, reason: string): Promise<void> {
    if (this.#hasEnded) return;
    this.die();
    const { commits, clock, maxDeliveryCount, post } = this.services;
    const outgoing = new Outgoing();
    await commits.run(
      (transaction) => {
        const key = this.storedKey(transaction);
        if (!key) return;
        const { message, deliveryCount } = this;
        if (deliveryCount >= maxDeliveryCount) {
          transaction.remove(key);
          bury(transaction, { kind: "activity", message, deliveryCount }, reason, clock.now());
        } else this.moveTo(transaction, retryAt);
        outgoing.hasActivities = true;
      },
      () => post.passOn(outgoing),
    );
  }

  giveBack(): void {
    void this.abandon(this.services.clock.now(), "the worker stopped").catch(() => undefined); // its lock runs out
    this.#lost.abort(lockLost(`Activity '${this.message.id}'`));
  }

  die(): void {
    this.#hasEnded = true;
    this.items.delete(this);
    this.services.held.delete(this);
  }

  /** Returns the new key; an empty one when somebody else has the item. */
  moveTo(transaction: Transaction, dueAt: number, processId?: string): Key {
    const former = this.storedKey(transaction);
    if (!former) return [];
    transaction.remove(former);
    this.#nextKey = keys.activity(dueAt, transaction.nextNumber());
    transaction.put(
      this.#nextKey,
      JSON.stringify([this.deliveryCount, this.message, ...(processId === undefined ? [] : [processId])]),
    );
    return this.#nextKey;
  }

  /** The move is on the disk. */
  moved(key: Key): void {
    if (key.length === 0) this.lose();
    else this.key = key;
    this.#nextKey = undefined;
  }

  /** The move did not reach the disk. */
  stayed(): void {
    this.#nextKey = undefined;
  }

  private lose(): void {
    if (this.#hasEnded) return;
    this.die();
    this.#lost.abort(lockLost(`Activity '${this.message.id}'`));
  }

  private assertHeld(): void {
    if (this.#hasEnded) throw lockLost(`Activity '${this.message.id}'`);
  }

  private assertStored(transaction: Transaction): Key {
    this.assertHeld();
    const key = this.storedKey(transaction);
    if (!key) throw lockLost(`Activity '${this.message.id}'`);
    return key;
  }

  private storedKey(transaction: Transaction): Key | undefined {
    return [this.#nextKey, this.key].find((key) => key && transaction.file.get(key) !== undefined);
  }
}
