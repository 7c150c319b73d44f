/**
 * One queue of the simulated storage. Visibility goes by the clock in whole seconds, cut off: a message may show up to
 * a second before its delay is over, which is the least that the service promises.
 */
import type { Clock } from "@perdure/core";
import { refusalError } from "../../src/storage/failures";
import type { PeekedMessage, Receipt, ReceivedMessage } from "../../src/storage/storage";

const MAX_HIDDEN_SECONDS = 7 * 24 * 60 * 60;
const MAX_COUNT = 32;

/** A message as the queue holds it. */
export interface QueueMessage {
  readonly messageId: string;
  readonly popReceipt: string;
  readonly text: string;
  readonly dequeueCount: number;
  /** Milliseconds since the epoch, whole seconds. */
  readonly insertedOn: number;
  /** Milliseconds since the epoch, whole seconds: from then on `receive` takes it. */
  readonly visibleAt: number;
}

export class QueueModel {
  readonly #subject: string;
  readonly #clock: Clock;
  readonly #nextId: () => string;
  /** In order of insertion. */
  readonly #messages = new Map<string, QueueMessage>();
  #exists = false;

  /** @param nextId Makes an id that was never used before. */
  constructor(name: string, clock: Clock, nextId: () => string) {
    this.#subject = `queue '${name}'`;
    this.#clock = clock;
    this.#nextId = nextId;
  }

  get exists(): boolean {
    return this.#exists;
  }

  create(): void {
    this.#exists = true;
  }

  drop(): void {
    this.#exists = false;
    this.#messages.clear();
  }

  /** All messages, hidden ones too, in order of insertion. */
  messages(): readonly QueueMessage[] {
    return [...this.#messages.values()];
  }

  put(text: string, hiddenSeconds: number): Receipt {
    this.assertExists();
    this.assertSeconds(hiddenSeconds, 0);
    return this.store({
      messageId: this.#nextId(),
      popReceipt: this.#nextId(),
      text,
      dequeueCount: 0,
      insertedOn: this.now(),
      visibleAt: this.after(hiddenSeconds),
    });
  }

  receive(count: number, hiddenSeconds: number): readonly ReceivedMessage[] {
    this.assertExists();
    this.assertSeconds(hiddenSeconds, 1);
    return this.first(count).map((message) => {
      const dequeueCount = message.dequeueCount + 1;
      const visibleAt = this.after(hiddenSeconds);
      const receipt = this.store({ ...message, popReceipt: this.#nextId(), dequeueCount, visibleAt });
      return { ...receipt, text: message.text, dequeueCount, insertedOn: message.insertedOn };
    });
  }

  peek(count: number): readonly PeekedMessage[] {
    this.assertExists();
    return this.first(count).map(({ text, dequeueCount, insertedOn }) => ({
      text,
      dequeueCount,
      insertedOn,
    }));
  }

  count(): number {
    this.assertExists();
    return this.#messages.size;
  }

  update(receipt: Receipt, hiddenSeconds: number, text?: string): Receipt {
    this.assertExists();
    this.assertSeconds(hiddenSeconds, 0);
    const message = this.#messages.get(receipt.messageId);
    if (!message) return this.refuse(404, "MessageNotFound");
    if (message.popReceipt !== receipt.popReceipt) this.refuse(400, "PopReceiptMismatch");
    const visibleAt = this.after(hiddenSeconds);
    return this.store({ ...message, popReceipt: this.#nextId(), text: text ?? message.text, visibleAt });
  }

  delete(receipt: Receipt): boolean {
    this.assertExists();
    const current = this.#messages.get(receipt.messageId);
    return current?.popReceipt === receipt.popReceipt && this.#messages.delete(receipt.messageId);
  }

  private first(count: number): readonly QueueMessage[] {
    if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT)
      this.refuse(400, "OutOfRangeQueryParameterValue");
    const visible = this.messages().filter(({ visibleAt }) => visibleAt <= this.#clock.now());
    visible.sort((a, b) => a.visibleAt - b.visibleAt); // stable: equal ones stay in order of insertion
    return visible.slice(0, count);
  }

  private store(message: QueueMessage): Receipt {
    this.#messages.set(message.messageId, message);
    return { messageId: message.messageId, popReceipt: message.popReceipt };
  }

  private now(): number {
    return Math.floor(this.#clock.now() / 1000) * 1000;
  }

  private after(seconds: number): number {
    return this.now() + seconds * 1000;
  }

  private assertSeconds(seconds: number, min: number): void {
    if (Number.isInteger(seconds) && seconds >= min && seconds <= MAX_HIDDEN_SECONDS) return;
    this.refuse(400, "OutOfRangeQueryParameterValue");
  }

  private assertExists(): void {
    if (!this.#exists) this.refuse(404, "QueueNotFound");
  }

  private refuse(status: number, code: string): never {
    throw refusalError(this.#subject, { status, code });
  }
}
