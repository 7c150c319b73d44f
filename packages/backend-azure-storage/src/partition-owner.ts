/**
 * One ownership of one control queue, in one lease epoch: receives its messages, fires its timers from memory, and
 * gives each instance with messages to one session at a time.
 *
 * - O1 A message in hand is known by its queue message id: received again, it only brings a newer receipt.
 * - O2 What this process sends to its own partition it delivers itself; the stored message is hidden meanwhile and
 *   comes back if the process dies.
 * - O3 While a session is held, at least one of its messages stays in the queue (anchor), and is hidden anew before it
 *   shows. Of many, the others may show: to receive 32 again is one request, to hide them is 32.
 * - O4 Ended, an owner touches nothing any more; its messages come back by themselves. While its lease may have run out
 *   it receives, hides and deletes nothing, and opens no session: all that is its successor's. If it is renewed after
 *   all, nobody else owned the partition meanwhile, and what is in hand goes on in its order.
 * - O5 What goes by hand waits until all that this process put in the queue before has been received: messages of one
 *   sender come in order.
 *
 * The messages themselves are in the hands of `MessagesInHand`.
 */
import type { ActivityMessage, RuntimeStatus, TaskMessage } from "@perdure/core";
import { Background } from "./background";
import { PollBackoff } from "./backoff";
import type { Changes } from "./changes";
import type { DeadLetters } from "./dead-letters";
import type { Delivery } from "./delivery";
import { DueHeap } from "./due-heap";
import { HandDelivery } from "./hand-delivery";
import type { HistoryTable } from "./history-table";
import type { InstanceTable } from "./instance-table";
import { KnownCommits } from "./known-commits";
import type { LeaseRow } from "./lease-table";
import type { Ownership } from "./leases";
import { MessagesInHand } from "./messages-in-hand";
import { AzureSession } from "./orchestration-session";
import type { Payloads } from "./payloads";
import { Projection } from "./projection";
import type { QueuePuts } from "./queue-puts";
import type { ReadyQueue } from "./ready-queue";
import type { Settings } from "./settings";
import type { QueueStore } from "./storage/storage";
import { WakeUp } from "./wake-up";

export interface OwnerServices {
  readonly settings: Settings;
  readonly history: HistoryTable;
  readonly instances: InstanceTable;
  readonly payloads: Payloads;
  readonly deadLetters: DeadLetters;
  readonly changes: Changes;
  readonly ready: ReadyQueue<AzureSession>;
  /** O5. */
  readonly puts: QueuePuts;
  /** Asks storage whether the lease can be renewed, now. Never rejects. */
  renewLease(): Promise<void>;
  send(message: TaskMessage): Promise<void>;
  sendActivity(message: ActivityMessage): Promise<void>;
}

/** What an owner knows of an instance that has messages, a session, or something to settle. */
export interface InstanceRecord {
  readonly instanceId: string;
  /** Delivered and not taken by a session. */
  readonly inbox: Delivery[];
  /** Consumed and sent: to be deleted, the last of them only when the instance row is up to date. */
  readonly settled: Delivery[];
  readonly projection: Projection;
  session: AzureSession | undefined;
  /** The next session may not guess. */
  mustRead: boolean;
}

const RECEIVE_COUNT = 32;
/** With this many sessions waiting for the worker, receiving pauses. */
const MAX_READY = 256;
/** O4: how often to look whether the lease has been renewed. */
const LEASE_PAUSE_MS = 250;
export class PartitionOwner implements Ownership {
  readonly partition: number;
  readonly commits: KnownCommits;
  readonly messages: MessagesInHand;
  readonly #records = new Map<string, InstanceRecord>();
  /** O5. */
  readonly #byHand: HandDelivery;
  readonly #hasRecords = new WakeUp();
  readonly #heap: DueHeap<Delivery>;
  readonly #backoff: PollBackoff;
  readonly #background: Background;
  readonly #receiving = new AbortController();
  readonly #ended = new AbortController();
  #loops: Promise<unknown> | undefined;
  #validUntil: number;

  constructor(
    row: LeaseRow,
    validUntil: number,
    private readonly queue: QueueStore,
    readonly services: OwnerServices,
  ) {
    this.partition = row.partition;
    this.commits = new KnownCommits(row);
    this.#validUntil = validUntil;
    const { clock, maxPollMs, logger } = services.settings;
    this.#heap = new DueHeap(clock, (delivery) => this.fire(delivery));
    this.#backoff = new PollBackoff(clock, maxPollMs);
    this.#background = new Background((what, error) => {
      if (!this.#ended.signal.aborted)
        logger.warn(`In partition ${this.partition}, ${what} failed.`, { error });
    });
    this.messages = new MessagesInHand(queue, services, this, this.#background);
    this.#byHand = new HandDelivery(services.puts, clock, (delivery) => this.fire(delivery));
  }

  get idleMs(): number {
    return this.#records.size > 0 ? 0 : this.#backoff.idleMs;
  }

  start(): void {
    const receiving = this.#receiving.signal;
    this.#loops = Promise.all([
      this.receiveLoop(receiving),
      this.#heap.run(receiving),
      this.renewLoop(this.#ended.signal),
    ]);
  }

  renewed(validUntil: number): void {
    this.#validUntil = validUntil;
    for (const record of this.#records.values()) this.openSessionIfWanted(record);
  }

  /** False when the lease may have run out: then somebody else may own the partition. */
  mayCommit(): boolean {
    return !this.#ended.signal.aborted && this.services.settings.clock.now() < this.#validUntil;
  }

  get hasEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  lose(): void {
    this.#receiving.abort();
    this.#ended.abort();
    for (const { session } of this.#records.values()) session?.lose();
    this.#records.clear();
    this.#byHand.takeBack();
    this.messages.forgetAll();
  }

  async drain(limitMs: number): Promise<boolean> {
    const { clock } = this.services.settings;
    this.#receiving.abort();
    const giveUpAt = clock.now() + limitMs;
    this.recallUntaken();
    while (this.hasSessions() && clock.now() < giveUpAt && !this.#ended.signal.aborted) await clock.sleep(20);
    const stuck = this.hasSessions();
    const left = [...this.#records.values()].flatMap((record) => record.inbox.splice(0));
    left.push(...this.#byHand.takeBack());
    await this.giveBack(left, clock.now(), "").catch(() => undefined); // they show by themselves
    await this.#background.idle();
    const clean = !stuck && this.commits.isClean && !this.#ended.signal.aborted;
    this.lose();
    await this.#loops;
    return clean;
  }

  // ── Messages ────────────────────────────────────────────────────────────────────────────────

  /** O2. False when this owner takes nothing any more, or may have a successor to whom it is better shown at once. */
  async send(message: TaskMessage): Promise<boolean> {
    const delayMs = (message.visibleAt ?? 0) - this.services.settings.clock.now();
    if (this.#receiving.signal.aborted || (delayMs <= 0 && !this.mayCommit())) return false;
    const delivery = await this.messages.put(message, delayMs);
    this.#backoff.active();
    if (message.event.type === "ExecutionStarted")
      this.commits.note(message.instanceId, { status: "Pending" });
    if (delayMs > 0) this.wait(delivery);
    else if (this.takesNothing) await this.messages.show(delivery, 0);
    else {
      this.messages.keep(delivery);
      this.#byHand.push(delivery);
    }
    return true;
  }

  acknowledgeAllButAnchor(record: InstanceRecord): void {
    for (const delivery of record.settled.splice(1)) this.messages.acknowledge(delivery);
  }

  /** Shows messages again, not before `retryAt`; those delivered too often become dead letters. */
  async giveBack(deliveries: readonly Delivery[], retryAt: number, reason: string): Promise<void> {
    await this.messages.giveBack(deliveries, retryAt, reason);
    if (retryAt <= this.services.settings.clock.now()) this.#backoff.wake();
  }

  private async receiveLoop(signal: AbortSignal): Promise<void> {
    const { logger, clock } = this.services.settings;
    while (!signal.aborted) {
      try {
        if (this.services.ready.size >= MAX_READY) await clock.sleep(50, signal);
        else if (!this.mayCommit()) await clock.sleep(LEASE_PAUSE_MS, signal);
        else if ((await this.receive(signal)) < RECEIVE_COUNT) await this.#backoff.pause(signal);
      } catch (error) {
        if (this.takesNothing) return;
        logger.warn(`Receiving from control queue ${this.partition} failed; trying again.`, { error });
        await clock.sleep(1000, signal);
      }
    }
  }

  private async receive(signal: AbortSignal): Promise<number> {
    const { settings } = this.services;
    const allReceived = this.#byHand.beforeLook();
    const hiddenUntil = settings.clock.now() + settings.visibilityMs;
    const received = await this.queue.receive(RECEIVE_COUNT, Math.ceil(settings.visibilityMs / 1000));
    if (received.length > 0) this.#backoff.received();
    while (!this.mayCommit() && !signal.aborted) await settings.clock.sleep(LEASE_PAUSE_MS, signal); // O4
    if (!this.mayCommit()) return 0;
    const deliveries = await Promise.all(
      received.map((message) => this.unlessItFails(this.messages.take(message, hiddenUntil))),
    );
    for (const [index, delivery] of deliveries.entries()) {
      if (!delivery) continue;
      if (signal.aborted) await this.unlessItFails(this.messages.show(delivery, 0));
      else if ((delivery.message.visibleAt ?? 0) <= settings.clock.now()) this.deliver(delivery);
      else await this.unlessItFails(this.hideRest(delivery, received[index]?.dequeueCount ?? 1));
    }
    if (received.length < RECEIVE_COUNT) allReceived();
    return received.length;
  }

  /** A message in trouble shows again by itself, and does not keep those that came with it. */
  private async unlessItFails<T>(handled: Promise<T>): Promise<T | undefined> {
    try {
      return await handled;
    } catch (error) {
      const { logger } = this.services.settings;
      logger.warn(`A message of control queue ${this.partition} waits: handling it failed.`, { error });
      return undefined;
    }
  }

  private async hideRest(delivery: Delivery, dequeueCount: number): Promise<void> {
    this.wait(await this.messages.hideRest(delivery, dequeueCount));
  }

  /** Fires a hidden timer from memory, if the message stays hidden until then; else looks at the queue when it shows. */
  private wait(delivery: Delivery): void {
    const dueAt = delivery.message.visibleAt ?? 0;
    this.messages.keepTimer(delivery);
    this.#heap.push(Math.min(dueAt, delivery.hiddenUntil), delivery);
  }

  private fire(delivery: Delivery): void {
    if (delivery.proven || this.takesNothing) return; // cancelled meanwhile
    if ((delivery.message.visibleAt ?? 0) > this.services.settings.clock.now()) {
      this.#backoff.wake(); // the end of a chunk: it shows in the queue
      return;
    }
    this.messages.deliveredByHand(delivery);
    this.deliver(delivery);
  }

  private deliver(delivery: Delivery): void {
    const record = this.recordOf(delivery.message.instanceId);
    record.inbox.push(delivery);
    if (record.session) record.session.notify();
    else this.openSessionIfWanted(record);
  }

  // ── Instances ───────────────────────────────────────────────────────────────────────────────

  knownStatus(instanceId: string): RuntimeStatus | undefined {
    return this.mayCommit() ? this.commits.statusOf(instanceId) : undefined;
  }

  sessionEnded(record: InstanceRecord): void {
    record.session = undefined;
    this.openSessionIfWanted(record);
    this.forgetIfDone(record);
  }

  /** Brings the instance row up to date, then deletes what a released session had kept. */
  settleLater(record: InstanceRecord): void {
    this.#background.run("settling an instance", async () => {
      if (record.session || this.#ended.signal.aborted) return;
      try {
        await record.projection.settled();
      } catch (error) {
        this.commits.markDirty(record.instanceId); // whoever loads it next writes the row
        this.messages.forget(record.settled.splice(0));
        throw error;
      }
      if (isHeld(record)) return; // its release settles again
      for (const delivery of record.settled.splice(0)) this.messages.acknowledge(delivery);
      this.forgetIfDone(record);
    });
  }

  /** Draining or ended. */
  private get takesNothing(): boolean {
    return this.#receiving.signal.aborted;
  }

  private recordOf(instanceId: string): InstanceRecord {
    let record = this.#records.get(instanceId);
    if (!record) {
      const { instances, settings } = this.services;
      const projection = new Projection(instances, settings.clock, this.#background);
      record = { instanceId, inbox: [], settled: [], projection, session: undefined, mustRead: false };
      this.#records.set(instanceId, record);
      this.#hasRecords.call();
    }
    return record;
  }

  private openSessionIfWanted(record: InstanceRecord): void {
    if (record.session || record.inbox.length === 0 || this.takesNothing || !this.mayCommit()) return;
    record.session = new AzureSession(this, record);
    this.services.ready.push(record.session);
  }

  private forgetIfDone(record: InstanceRecord): void {
    const busy = record.session ?? record.inbox[0] ?? record.settled[0];
    if (!busy && !record.projection.isPending && this.#records.get(record.instanceId) === record) {
      this.#records.delete(record.instanceId);
    }
  }

  private hasSessions(): boolean {
    return [...this.#records.values()].some(({ session }) => session !== undefined);
  }

  /** Sessions no worker has taken yet are none. */
  private recallUntaken(): void {
    for (const session of this.services.ready.drain()) {
      if (!session.belongsTo(this)) this.services.ready.push(session);
      else session.recall();
    }
  }

  /** O3. */
  private async renewLoop(signal: AbortSignal): Promise<void> {
    const { clock, visibilityMs } = this.services.settings;
    while (!signal.aborted) {
      if (this.#records.size === 0) await this.#hasRecords.wait(signal);
      await clock.sleep(visibilityMs / 4, signal);
      const soon = clock.now() + visibilityMs / 2;
      for (const record of this.#records.values()) {
        const anchor = record.settled[0] ?? record.session?.taken[0] ?? record.inbox[0];
        if (anchor && anchor.hiddenUntil < soon && this.mayCommit()) this.messages.renew(anchor);
      }
    }
  }
}

function isHeld(record: InstanceRecord): boolean {
  return record.session !== undefined;
}
