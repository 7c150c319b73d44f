/**
 * The messages of one control queue that its owner has in hand: how they are taken, hidden, shown again and deleted.
 * What they mean, and when any of that is due, the owner says.
 */
import { CorruptStorageError } from "@perdure/core";
import type { TaskMessage } from "@perdure/core";
import type { Background } from "./background";
import type { DeadLetters } from "./dead-letters";
import { hideSeconds } from "./delay";
import { stillHeld } from "./delivery";
import type { Delivery } from "./delivery";
import { open, seal, sealDelivered, sealEarly } from "./envelope";
import type { Payloads } from "./payloads";
import type { Settings } from "./settings";
import type { QueueStore, ReceivedMessage } from "./storage/storage";
import { StorageConflict } from "./storage/storage-errors";

export interface MessageServices {
  readonly settings: Settings;
  readonly payloads: Payloads;
  readonly deadLetters: DeadLetters;
}

/** The ownership that the messages are held under. */
export interface Tenure {
  readonly partition: number;
  readonly hasEnded: boolean;
  mayCommit(): boolean;
}

export class MessagesInHand {
  /** By queue message id. */
  readonly #inHand = new Map<string, Delivery>();
  /** Timers whose message can be deleted, by message id. */
  readonly #timers = new Map<string, Delivery>();
  /** Deliveries of timers by the owner itself, which the queue does not count. */
  readonly #ownDeliveries = new Map<string, number>();

  constructor(
    private readonly queue: QueueStore,
    private readonly services: MessageServices,
    private readonly tenure: Tenure,
    private readonly background: Background,
  ) {}

  /** Puts a message in the queue, hidden: until it is due, or for as long as one that was received. */
  async put(message: TaskMessage, delayMs: number): Promise<Delivery> {
    const { settings, payloads } = this.services;
    const seconds = delayMs > 0 ? hideSeconds(delayMs, settings) : Math.ceil(settings.visibilityMs / 1000);
    const { text, blob } = await (delayMs > 0 ? seal : sealDelivered)(message, payloads);
    const hiddenUntil = settings.clock.now() + seconds * 1000;
    const receipt = await this.queue.put(text, seconds);
    return newDelivery({ message, blob, receipt, hiddenUntil, deliveryCount: 0 });
  }

  keep(delivery: Delivery): void {
    this.#inHand.set(delivery.receipt.messageId, delivery);
  }

  /** A timer that can be cancelled. In hand if its message stays hidden until it is due. */
  keepTimer(delivery: Delivery): void {
    this.#timers.set(delivery.message.id, delivery);
    if ((delivery.message.visibleAt ?? 0) <= delivery.hiddenUntil) this.keep(delivery);
  }

  /** Delivered without having been received. */
  deliveredByHand(delivery: Delivery): void {
    delivery.deliveryCount = 1;
    if (this.#timers.has(delivery.message.id)) this.#ownDeliveries.set(delivery.receipt.messageId, 1);
    this.keep(delivery);
  }

  /** A message received, unless it is in hand already (O1) or cannot be read. */
  async take(received: ReceivedMessage, hiddenUntil: number): Promise<Delivery | undefined> {
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
      const delivery = newDelivery({ message, blob, receipt, hiddenUntil, deliveryCount });
      this.keep(delivery);
      return delivery;
    } catch (error) {
      if (!CorruptStorageError.is(error)) throw error; // its blob cannot be had now
      const held = await stillHeld(this.queue, receipt);
      if (!held) return undefined; // somebody else has read it, and deleted the blob
      const reason = error.message;
      this.services.settings.logger.error(
        `A message of control queue ${this.tenure.partition} is unreadable: ${reason}`,
      );
      await this.services.deadLetters.add("", "control", reason, dequeueCount, text);
      await this.queue.delete(held);
      return undefined;
    }
  }

  /** A timer's chunk is over, or the service showed it early: not yet. Resolves with what waits from now on. */
  async hideRest(delivery: Delivery, dequeueCount: number): Promise<Delivery> {
    const { settings } = this.services;
    const now = settings.clock.now();
    const seconds = hideSeconds((delivery.message.visibleAt ?? 0) - now, settings);
    const text = delivery.blob === undefined ? sealEarly(delivery.message, dequeueCount) : undefined;
    this.#inHand.delete(delivery.receipt.messageId);
    delivery.receipt = await this.queue.update(delivery.receipt, seconds, text);
    delivery.hiddenUntil = now + seconds * 1000;
    return { ...delivery, deliveryCount: 0 };
  }

  /** Hides a message anew, before it shows. */
  renew(delivery: Delivery): void {
    if (delivery.renewing) return;
    const { clock, visibilityMs, logger } = this.services.settings;
    delivery.renewing = (async () => {
      const hiddenUntil = clock.now() + visibilityMs;
      try {
        delivery.receipt = await this.queue.update(delivery.receipt, Math.ceil(visibilityMs / 1000));
        delivery.hiddenUntil = hiddenUntil;
      } catch (error) {
        // It shows again and brings a newer receipt (O1), or somebody else has it and the next commit will tell.
        logger.debug("Hiding a message anew failed.", { error });
      } finally {
        delete delivery.renewing;
      }
    })();
  }

  async show(delivery: Delivery, seconds: number): Promise<void> {
    const { messageId } = delivery.receipt;
    await delivery.renewing;
    this.#inHand.delete(messageId);
    try {
      await this.queue.update(delivery.receipt, seconds);
    } catch (error) {
      if (!(error instanceof StorageConflict)) throw error; // somebody else has it already
    }
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
  }

  /** These come back by themselves. */
  forget(deliveries: readonly Delivery[]): void {
    for (const { receipt } of deliveries) this.#inHand.delete(receipt.messageId);
  }

  forgetAll(): void {
    this.#inHand.clear();
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
    this.background.run("deleting a message", async () => {
      await delivery.renewing;
      if (this.tenure.hasEnded) return;
      try {
        if (!this.tenure.mayCommit()) return; // O4: to a successor it may be the anchor
        const isDeleted = await this.queue.delete(delivery.receipt);
        if (isDeleted && delivery.blob !== undefined) await this.services.payloads.delete([delivery.blob]);
      } finally {
        this.#inHand.delete(messageId); // what is still there comes again and is judged anew
        this.#ownDeliveries.delete(messageId);
      }
    });
  }
}

function newDelivery(
  known: Pick<Delivery, "message" | "blob" | "receipt" | "hiddenUntil" | "deliveryCount">,
): Delivery {
  return { ...known, consumed: false, proven: false };
}
