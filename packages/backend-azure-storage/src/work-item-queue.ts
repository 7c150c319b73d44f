/** `{hub}-workitems`: activities that any worker may run. Taken in batches, hidden while they run. */
import { CorruptStorageError, WorkItemLockLostError } from "@perdure/core";
import type { ActivityMessage, ActivitySource, ActivityWorkItem, TaskMessage } from "@perdure/core";
import { PollBackoff } from "./backoff";
import { stillHeld } from "./delivery";
import type { DeadLetters } from "./dead-letters";
import { open, seal } from "./envelope";
import type { Payloads } from "./payloads";
import type { Settings } from "./settings";
import type { QueueStore, Receipt, ReceivedMessage } from "./storage/storage";
import { StorageConflict } from "./storage/storage-errors";
import { WakeUp } from "./wake-up";

export interface WorkItemServices {
  readonly settings: Settings;
  readonly payloads: Payloads;
  readonly deadLetters: DeadLetters;
  send(message: TaskMessage): Promise<void>;
}

/** The service's limit. */
const MAX_RECEIVE = 32;

export class WorkItemQueue implements ActivitySource {
  readonly #inHand = new Map<string, AzureWorkItem>();
  readonly #backoff: PollBackoff;
  readonly #hasItems = new WakeUp();
  /** The last look found nothing. */
  #isEmpty = false;
  #renewing: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(
    private readonly queue: QueueStore,
    private readonly services: WorkItemServices,
  ) {
    this.#backoff = new PollBackoff(services.settings.clock, services.settings.maxPollMs);
  }

  async send(message: ActivityMessage): Promise<void> {
    const { text } = await seal(message, this.services.payloads);
    await this.queue.put(text, 0);
    this.#backoff.wake();
  }

  async lockNext(limit: number, signal: AbortSignal): Promise<readonly ActivityWorkItem[]> {
    for (;;) {
      if (this.#isEmpty) await this.#backoff.pause(signal);
      if (signal.aborted) return [];
      const items = await this.receive(Math.min(limit, MAX_RECEIVE));
      if (items.length > 0) return items;
    }
  }

  start(): void {
    if (this.#renewing) return;
    const stop = new AbortController();
    this.#renewing = { stop, done: this.renewLoop(stop.signal) };
  }

  /** Gives back all that is in hand. */
  async stop(): Promise<void> {
    await Promise.all([...this.#inHand.values()].map((item) => item.takeBack()));
    this.#renewing?.stop.abort();
    await this.#renewing?.done;
    this.#renewing = undefined;
  }

  /** The item is no longer this process's. */
  forget(messageId: string): void {
    this.#inHand.delete(messageId);
  }

  private async receive(count: number): Promise<readonly AzureWorkItem[]> {
    const { settings } = this.services;
    this.#isEmpty = true; // also when it fails
    const received = await this.queue.receive(count, Math.ceil(settings.visibilityMs / 1000));
    this.#isEmpty = received.length === 0;
    if (received.length > 0) this.#backoff.received();
    const items = await Promise.all(received.map((message) => this.tryTake(message)));
    return items.filter((item) => item !== undefined);
  }

  /** A message in trouble shows again by itself, and does not keep those that came with it. */
  private async tryTake(received: ReceivedMessage): Promise<AzureWorkItem | undefined> {
    try {
      return await this.take(received);
    } catch (error) {
      this.services.settings.logger.warn("An activity waits: taking it failed.", { error });
      return undefined;
    }
  }

  private async take(received: ReceivedMessage): Promise<AzureWorkItem | undefined> {
    const { messageId, popReceipt, text, dequeueCount } = received;
    const known = this.#inHand.get(messageId);
    if (known) {
      known.receipt = { messageId, popReceipt };
      return undefined;
    }
    try {
      const { message, blob } = await open<ActivityMessage>(text, this.services.payloads);
      const item = new AzureWorkItem(this, this.queue, this.services, received, message, blob, dequeueCount);
      this.#inHand.set(messageId, item);
      this.#hasItems.call();
      return item;
    } catch (error) {
      if (!CorruptStorageError.is(error)) throw error; // its blob cannot be had now
      const held = await stillHeld(this.queue, received);
      if (!held) return undefined; // somebody else has read it, and deleted the blob
      await this.services.deadLetters.add("", "workItem", error.message, dequeueCount, text);
      await this.queue.delete(held);
      return undefined;
    }
  }

  private async renewLoop(signal: AbortSignal): Promise<void> {
    const { clock, visibilityMs } = this.services.settings;
    while (!signal.aborted) {
      if (this.#inHand.size === 0) await this.#hasItems.wait(signal);
      await clock.sleep(visibilityMs / 3, signal);
      await Promise.all([...this.#inHand.values()].map((item) => item.renew()));
    }
  }
}

class AzureWorkItem implements ActivityWorkItem {
  receipt: Receipt;
  readonly #lost = new AbortController();

  constructor(
    private readonly owner: WorkItemQueue,
    private readonly queue: QueueStore,
    private readonly services: WorkItemServices,
    receipt: Receipt,
    readonly message: ActivityMessage,
    private readonly blob: string | undefined,
    readonly deliveryCount: number,
  ) {
    this.receipt = { messageId: receipt.messageId, popReceipt: receipt.popReceipt };
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async complete(result: TaskMessage): Promise<void> {
    if (this.lost.aborted)
      throw new WorkItemLockLostError(`Activity '${this.message.name}' runs elsewhere now.`);
    this.services.settings.payloadLimit.check(result, result.instanceId);
    await this.services.send(result);
    this.owner.forget(this.receipt.messageId);
    const isDeleted = await this.queue.delete(this.receipt);
    if (isDeleted && this.blob !== undefined) await this.services.payloads.delete([this.blob]);
  }

  async abandon(retryAt: number, reason: string): Promise<void> {
    const { settings, deadLetters } = this.services;
    if (this.deliveryCount < settings.maxDeliveryCount) {
      await this.putBack(Math.ceil(Math.max(0, retryAt - settings.clock.now()) / 1000));
      return;
    }
    const body = JSON.stringify(this.message);
    await deadLetters.add(this.message.instanceId, "workItem", reason, this.deliveryCount, body);
    this.owner.forget(this.receipt.messageId);
    await this.queue.delete(this.receipt);
  }

  private async putBack(seconds: number): Promise<void> {
    this.owner.forget(this.receipt.messageId);
    try {
      await this.queue.update(this.receipt, seconds);
    } catch (error) {
      if (!(error instanceof StorageConflict)) throw error; // somebody else has it already
    }
  }

  /** For others to run at once; what runs here is not wanted any more. */
  async takeBack(): Promise<void> {
    this.#lost.abort();
    await this.putBack(0);
  }

  /** Hides the message anew; when it is not this process's any more, the lock is lost. */
  async renew(): Promise<void> {
    const { logger, visibilityMs } = this.services.settings;
    try {
      this.receipt = await this.queue.update(this.receipt, Math.ceil(visibilityMs / 1000));
    } catch (error) {
      if (error instanceof StorageConflict) {
        this.owner.forget(this.receipt.messageId);
        this.#lost.abort();
      } else logger.warn(`Hiding activity '${this.message.name}' anew failed; trying again.`, { error });
    }
  }
}
