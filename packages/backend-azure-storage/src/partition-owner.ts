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
 */
import { CorruptStorageError } from "@perdure/core";
import type { ActivityMessage, RuntimeStatus, TaskMessage } from "@perdure/core";
import { Background } from "./background";
import { PollBackoff } from "./backoff";
import type { Changes } from "./changes";
import type { DeadLetters } from "./dead-letters";
import { hideSeconds } from "./delay";
import { stillHeld } from "./delivery";
import type { Delivery } from "./delivery";
import { DueHeap } from "./due-heap";
import { open, seal, sealEarly } from "./envelope";
import type { Committed, HistoryTable } from "./history-table";
import type { InstanceTable } from "./instance-table";
import type { LeaseRow } from "./lease-table";
import type { Ownership } from "./leases";
import { AzureSession } from "./orchestration-session";
import type { Payloads } from "./payloads";
import { Projection } from "./projection";
import type { QueuePuts } from "./queue-puts";
import type { ReadyQueue } from "./ready-queue";
import type { Settings } from "./settings";
import type { QueueStore, ReceivedMessage } from "./storage/storage";
import { StorageConflict } from "./storage/storage-errors";
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
/** O5, at most: a queue that others fill faster than it is emptied must not stop what goes by hand. */
const MAX_HELD_MS = 5000;
/** Instances whose last commit is remembered; workers keep fewer in memory. */
const MAX_LATEST = 20_000;

export class PartitionOwner implements Ownership {
  readonly partition: number;
  readonly epoch: number;
  readonly #cleanEpochs: ReadonlySet<number>;
  readonly #records = new Map<string, InstanceRecord>();
  /** O1. */
  readonly #inHand = new Map<string, Delivery>();
  /** Timers whose message can be deleted, by message id. */
  readonly #timers = new Map<string, Delivery>();
  /** Deliveries by this owner itself, which the queue does not count. */
  readonly #ownDeliveries = new Map<string, number>();
  /** O5. */
  readonly #heldBack: Delivery[] = [];
  #heldSince = 0;
  /** So many of the messages that this process put in the queue have been received. */
  #putsReceived: number | undefined;
  readonly #dirty = new Set<string>();
  /** What is committed last, by this owner's knowledge; no ETag when it knows only that a start is on its way. */
  readonly #latest = new Map<string, { readonly etag?: string; readonly status: RuntimeStatus }>();
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
    this.epoch = row.epoch;
    this.#cleanEpochs = new Set(row.cleanEpochs);
    this.#validUntil = validUntil;
    const { clock, maxPollMs, logger } = services.settings;
    this.#heap = new DueHeap(clock, (delivery) => this.fire(delivery));
    this.#backoff = new PollBackoff(clock, maxPollMs);
    this.#background = new Background((what, error) => {
      if (!this.#ended.signal.aborted)
        logger.warn(`In partition ${this.partition}, ${what} failed.`, { error });
    });
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

  lose(): void {
    this.#receiving.abort();
    this.#ended.abort();
    for (const { session } of this.#records.values()) session?.lose();
    this.#records.clear();
    this.#heldBack.splice(0);
    this.#inHand.clear();
  }

  async drain(limitMs: number): Promise<boolean> {
    const { clock } = this.services.settings;
    this.#receiving.abort();
    const giveUpAt = clock.now() + limitMs;
    this.recallUntaken();
    while (this.hasSessions() && clock.now() < giveUpAt && !this.#ended.signal.aborted) await clock.sleep(20);
    const stuck = this.hasSessions();
    const left = [...this.#records.values()].flatMap((record) => record.inbox.splice(0));
    left.push(...this.#heldBack.splice(0));
    await this.giveBack(left, clock.now(), "").catch(() => undefined); // they show by themselves
    await this.#background.idle();
    const clean = !stuck && this.#dirty.size === 0 && !this.#ended.signal.aborted;
    this.lose();
    await this.#loops;
    return clean;
  }

  // ── Messages ────────────────────────────────────────────────────────────────────────────────

  /** O2. False when this owner takes nothing any more, or may have a successor to whom it is better shown at once. */
  async send(message: TaskMessage): Promise<boolean> {
    const { settings, payloads } = this.services;
    const delayMs = (message.visibleAt ?? 0) - settings.clock.now();
    if (this.#receiving.signal.aborted || (delayMs <= 0 && !this.mayCommit())) return false;
    const seconds = delayMs > 0 ? hideSeconds(delayMs, settings) : Math.ceil(settings.visibilityMs / 1000);
    const { text, blob } = await seal(message, payloads);
    const hiddenUntil = settings.clock.now() + seconds * 1000;
    const receipt = await this.queue.put(text, seconds);
    this.#backoff.active();
    if (message.event.type === "ExecutionStarted") this.note(message.instanceId, { status: "Pending" });
    const delivery: Delivery = {
      message,
      blob,
      receipt,
      deliveryCount: 0,
      hiddenUntil,
      consumed: false,
      proven: false,
    };
    if (delayMs > 0) this.wait(delivery);
    else if (this.takesNothing) await this.queue.update(receipt, 0);
    else this.hand(delivery);
    return true;
  }

  /** O5. */
  private hand(delivery: Delivery): void {
    this.#inHand.set(delivery.receipt.messageId, delivery);
    if (this.#heldBack.length === 0) this.#heldSince = this.services.settings.clock.now();
    this.#heldBack.push(delivery);
    this.handOut();
  }

  private caughtUp(putsReceived: number): void {
    this.#putsReceived = putsReceived;
    this.handOut();
  }

  /** O5. */
  private handOut(): void {
    if (this.#putsReceived !== this.services.puts.count || this.takesNothing) return;
    for (const delivery of this.#heldBack.splice(0)) this.fire(delivery);
  }

  /** The messages of these timers need not come. */
  cancelTimers(messageIds: readonly string[]): void {
    for (const id of messageIds) {
      const delivery = this.#timers.get(id);
      if (!delivery) continue;
      this.#timers.delete(id);
      delivery.proven = true;
      this.acknowledge(delivery);
    }
  }

  /** Deletes a proven message, sometime soon. */
  acknowledge(delivery: Delivery): void {
    const { messageId } = delivery.receipt;
    this.#timers.delete(delivery.message.id);
    this.#background.run("deleting a message", async () => {
      await delivery.renewing;
      if (this.#ended.signal.aborted) return;
      try {
        if (!this.mayCommit()) return; // O4: to a successor it may be the anchor
        const isDeleted = await this.queue.delete(delivery.receipt);
        if (isDeleted && delivery.blob !== undefined) await this.services.payloads.delete([delivery.blob]);
      } finally {
        this.#inHand.delete(messageId); // what is still there comes again and is judged anew
        this.#ownDeliveries.delete(messageId);
      }
    });
  }

  acknowledgeAllButAnchor(record: InstanceRecord): void {
    for (const delivery of record.settled.splice(1)) this.acknowledge(delivery);
  }

  /** Shows messages again, not before `retryAt`; those delivered too often become dead letters. */
  async giveBack(deliveries: readonly Delivery[], retryAt: number, reason: string): Promise<void> {
    const { settings } = this.services;
    const hopeless = deliveries.filter((d) => !d.consumed && d.deliveryCount >= settings.maxDeliveryCount);
    const seconds = Math.ceil(Math.max(0, retryAt - settings.clock.now()) / 1000);
    await Promise.all([
      this.deadLetter(hopeless, reason),
      ...deliveries
        .filter((delivery) => !hopeless.includes(delivery))
        .map((delivery) => this.show(delivery, seconds)),
    ]);
    if (seconds === 0) this.#backoff.wake();
  }

  /** These come back by themselves. */
  forget(deliveries: readonly Delivery[]): void {
    for (const { receipt } of deliveries) this.#inHand.delete(receipt.messageId);
  }

  async deadLetter(deliveries: readonly Delivery[], reason: string): Promise<void> {
    const { deadLetters } = this.services;
    for (const delivery of deliveries) {
      const { message, deliveryCount } = delivery;
      const body = JSON.stringify(message);
      try {
        await deadLetters.add(message.instanceId, "control", reason, deliveryCount, body);
      } catch (error) {
        this.forget(deliveries);
        throw error;
      }
      this.acknowledge(delivery);
    }
  }

  private async receiveLoop(signal: AbortSignal): Promise<void> {
    const { logger, clock } = this.services.settings;
    while (!signal.aborted) {
      try {
        if (this.#heldBack.length > 0 && clock.now() - this.#heldSince > MAX_HELD_MS)
          this.caughtUp(this.services.puts.count);
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
    const { settings, puts } = this.services;
    const hiddenUntil = settings.clock.now() + settings.visibilityMs;
    const putsBefore = puts.isUnderWay ? undefined : puts.count;
    const received = await this.queue.receive(RECEIVE_COUNT, Math.ceil(settings.visibilityMs / 1000));
    if (received.length > 0) this.#backoff.received();
    while (!this.mayCommit() && !signal.aborted) await settings.clock.sleep(LEASE_PAUSE_MS, signal); // O4
    if (!this.mayCommit()) return 0;
    const deliveries = await Promise.all(received.map((message) => this.tryTake(message, hiddenUntil)));
    for (const [index, delivery] of deliveries.entries()) {
      if (!delivery) continue;
      if (signal.aborted) await this.unlessItFails(this.show(delivery, 0));
      else if ((delivery.message.visibleAt ?? 0) <= settings.clock.now()) this.deliver(delivery);
      else await this.unlessItFails(this.hideRest(delivery, received[index]?.dequeueCount ?? 1));
    }
    if (received.length < RECEIVE_COUNT && putsBefore !== undefined) this.caughtUp(putsBefore);
    return received.length;
  }

  private tryTake(received: ReceivedMessage, hiddenUntil: number): Promise<Delivery | undefined> {
    return this.unlessItFails(this.take(received, hiddenUntil));
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

  /** A message received, unless it is in hand already (O1) or cannot be read. */
  private async take(received: ReceivedMessage, hiddenUntil: number): Promise<Delivery | undefined> {
    const { messageId, popReceipt, text, dequeueCount } = received;
    const receipt = { messageId, popReceipt };
    const known = this.#inHand.get(messageId);
    if (known) {
      Object.assign(known, { receipt, hiddenUntil });
      return undefined;
    }
    try {
      const { message, blob, earlyDeliveries } = await open<TaskMessage>(text, this.services.payloads);
      const deliveryCount = dequeueCount - earlyDeliveries + (this.#ownDeliveries.get(messageId) ?? 0);
      const delivery: Delivery = {
        message,
        blob,
        receipt,
        deliveryCount,
        hiddenUntil,
        consumed: false,
        proven: false,
      };
      this.#inHand.set(messageId, delivery);
      return delivery;
    } catch (error) {
      if (!CorruptStorageError.is(error)) throw error; // its blob cannot be had now
      const held = await stillHeld(this.queue, receipt);
      if (!held) return undefined; // somebody else has read it, and deleted the blob
      const reason = error.message;
      this.services.settings.logger.error(
        `A message of control queue ${this.partition} is unreadable: ${reason}`,
      );
      await this.services.deadLetters.add("", "control", reason, dequeueCount, text);
      await this.queue.delete(held);
      return undefined;
    }
  }

  /** A timer's chunk is over, or the service showed it early: not yet. */
  private async hideRest(delivery: Delivery, dequeueCount: number): Promise<void> {
    const { settings } = this.services;
    const now = settings.clock.now();
    const seconds = hideSeconds((delivery.message.visibleAt ?? 0) - now, settings);
    const text = delivery.blob === undefined ? sealEarly(delivery.message, dequeueCount) : undefined;
    this.#inHand.delete(delivery.receipt.messageId);
    delivery.receipt = await this.queue.update(delivery.receipt, seconds, text);
    delivery.hiddenUntil = now + seconds * 1000;
    this.wait({ ...delivery, deliveryCount: 0 });
  }

  /** Fires a hidden timer from memory, if the message stays hidden until then; else looks at the queue when it shows. */
  private wait(delivery: Delivery): void {
    const dueAt = delivery.message.visibleAt ?? 0;
    this.#timers.set(delivery.message.id, delivery);
    if (dueAt <= delivery.hiddenUntil) this.#inHand.set(delivery.receipt.messageId, delivery);
    this.#heap.push(Math.min(dueAt, delivery.hiddenUntil), delivery);
  }

  private fire(delivery: Delivery): void {
    if (delivery.proven || this.takesNothing) return; // cancelled meanwhile
    if ((delivery.message.visibleAt ?? 0) > this.services.settings.clock.now()) {
      this.#backoff.wake(); // the end of a chunk: it shows in the queue
      return;
    }
    const { messageId } = delivery.receipt;
    delivery.deliveryCount = 1;
    this.#ownDeliveries.set(messageId, 1);
    this.#inHand.set(messageId, delivery);
    this.deliver(delivery);
  }

  private deliver(delivery: Delivery): void {
    const record = this.recordOf(delivery.message.instanceId);
    record.inbox.push(delivery);
    if (record.session) record.session.notify();
    else this.openSessionIfWanted(record);
  }

  private async show(delivery: Delivery, seconds: number): Promise<void> {
    const { messageId } = delivery.receipt;
    await delivery.renewing;
    this.#inHand.delete(messageId);
    try {
      await this.queue.update(delivery.receipt, seconds);
    } catch (error) {
      if (!(error instanceof StorageConflict)) throw error; // somebody else has it already
    }
  }

  // ── Instances ───────────────────────────────────────────────────────────────────────────────

  committed(instanceId: string, etag: string, status: RuntimeStatus): void {
    this.note(instanceId, { etag, status });
  }

  /** A hint: what others do to instances that have ended is not seen. */
  knownStatus(instanceId: string): RuntimeStatus | undefined {
    return this.mayCommit() ? this.#latest.get(instanceId)?.status : undefined;
  }

  private note(instanceId: string, latest: { readonly etag?: string; readonly status: RuntimeStatus }): void {
    this.#latest.delete(instanceId);
    this.#latest.set(instanceId, latest);
    if (this.#latest.size <= MAX_LATEST) return;
    const [oldest] = this.#latest.keys();
    if (oldest !== undefined) this.#latest.delete(oldest);
  }

  /** False also when this owner does not know: then storage is read. */
  isLatest(instanceId: string, etag: string): boolean {
    return !this.isDirty(instanceId) && this.#latest.get(instanceId)?.etag === etag;
  }

  isDirty(instanceId: string): boolean {
    return this.#dirty.has(instanceId);
  }

  markDirty(instanceId: string): void {
    this.#dirty.add(instanceId);
  }

  repaired(instanceId: string): void {
    this.#dirty.delete(instanceId);
  }

  /**
   * Whether the last outbox of an instance may not be out. Once repaired it is out, although nothing says so in storage:
   * two instances that have ended and told each other would else wake each other for ever.
   */
  needsRepair(instanceId: string, { epoch, etag }: Committed): boolean {
    if (this.isDirty(instanceId)) return true;
    if (epoch === this.epoch || this.#latest.get(instanceId)?.etag === etag) return false;
    return !this.#cleanEpochs.has(epoch);
  }

  /** Whether nobody waits any more for an activity claimed in `epoch`. Asked only of instances that need repair. */
  isDeadClaim(epoch: number): boolean {
    return !this.#cleanEpochs.has(epoch);
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
        this.markDirty(record.instanceId); // whoever loads it next writes the row
        this.forget(record.settled.splice(0));
        throw error;
      }
      if (isHeld(record)) return; // its release settles again
      for (const delivery of record.settled.splice(0)) this.acknowledge(delivery);
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
        if (anchor && anchor.hiddenUntil < soon && this.mayCommit()) this.renew(anchor);
      }
    }
  }

  private renew(delivery: Delivery): void {
    if (delivery.renewing) return;
    const { clock, visibilityMs } = this.services.settings;
    delivery.renewing = (async () => {
      const hiddenUntil = clock.now() + visibilityMs;
      try {
        delivery.receipt = await this.queue.update(delivery.receipt, Math.ceil(visibilityMs / 1000));
        delivery.hiddenUntil = hiddenUntil;
      } catch (error) {
        // It shows again and brings a newer receipt (O1), or somebody else has it and the next commit will tell.
        this.services.settings.logger.debug("Hiding a message anew failed.", { error });
      } finally {
        delete delivery.renewing;
      }
    })();
  }
}

function isHeld(record: InstanceRecord): boolean {
  return record.session !== undefined;
}
