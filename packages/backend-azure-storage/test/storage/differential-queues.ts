/**
 * Operations on queues, with the newest and with older receipts.
 *
 * - V1 Nothing is received while a message is about to show: the model shows it up to a second early, as storage may.
 * - V2 Storage promises no order. Only part of what is visible is asked for when both sides must agree on which part.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Receipt, ReceivedMessage } from "../../src/storage/storage";
import type { SimulatedStorage } from "../simulated-storage";
import { EITHER_REFUSAL, type Operation, type OperationSource, isRefusal } from "./differential-operation";
import type { Random } from "../support/random";
import { anyText } from "./differential-values";
import { type Both, type Side, Words } from "./differential-words";

/** A message as both sides gave it. */
interface Known {
  readonly id: number;
  /** Names of its receipts, the newest last. */
  readonly receipts: number[];
  /** When it was put: the second in which both puts began, and the time after them. */
  readonly put: { readonly from: number; readonly to: number };
  /** Counts up with everything that showed it. */
  shown: number;
}

interface Queue {
  readonly name: string;
  isMissing: boolean;
  readonly known: Map<number, Known>;
  /** Time from which on no message is about to show. */
  quietFrom: number;
}

/** What both sides must say of a message that is received. */
interface MessageView {
  readonly id: string;
  readonly text: string;
  readonly dequeueCount: number;
  /** "in time": the whole second in which it was put. */
  readonly insertedOn: number | "in time";
}

const MAX_RECEIVED = 32;
/** So many visible messages are received before more are put: with those about to show they fit one answer. */
const MANY = 20;
/** At most so many are hidden for a short time at once. */
const FEW = 4;
const AN_HOUR = 3600;
/** A second of hiding, the second that the model cuts off, and what a request may take. */
const SHOWN_AFTER_MS = 2500;
const NOT_FROM_HERE: Receipt = {
  messageId: "00000000-0000-4000-8000-000000000000",
  popReceipt: "AgAAAAMAAAA=",
};

export class QueueOperations implements OperationSource {
  readonly #ids = new Words();
  readonly #receipts = new Words();
  readonly #queues: readonly Queue[];
  #shows = 0;

  constructor(
    private readonly random: Random,
    names: readonly string[],
    private readonly model: SimulatedStorage,
  ) {
    this.#queues = names.map((name) => ({ name, isMissing: true, known: new Map(), quietFrom: 0 }));
  }

  async next(): Promise<Operation> {
    const { random } = this;
    const queue = random.pick(this.#queues);
    if (queue.isMissing && random.oneIn(4)) return this.create(queue);
    const kind = random.weighted([
      [30, "put"],
      [30, "receive"],
      [20, "update"],
      [20, "delete"],
      [1, "make or drop"],
    ] as const);
    if (kind === "receive" || this.visible(queue).length >= MANY) return this.receiveWhenQuiet(queue);
    if (kind === "put") return this.put(queue);
    if (kind === "update") return this.update(queue);
    if (kind === "delete") return this.delete(queue);
    return random.oneIn(2) ? this.drop(queue) : this.create(queue);
  }

  private create(queue: Queue): Operation<void> {
    queue.isMissing = false;
    return {
      kind: "create queue",
      text: `${queue.name} create`,
      run: (storage) => storage.queue(queue.name).createIfMissing(),
    };
  }

  private drop(queue: Queue): Operation<void> {
    queue.isMissing = true;
    for (const known of queue.known.values()) this.forget(queue, known);
    return {
      kind: "delete queue",
      text: `${queue.name} delete`,
      run: (storage) => storage.queue(queue.name).deleteIfPresent(),
    };
  }

  private put(queue: Queue): Operation<Receipt> {
    const text = anyText(this.random);
    const hidden = this.hiddenSeconds();
    return {
      kind: "put message",
      text: `${queue.name} put ${JSON.stringify(text).slice(0, 200)} hidden for ${hidden}`,
      run: (storage) => storage.queue(queue.name).put(text, hidden),
      learn: (receipts, from, to) => {
        const id = this.#ids.learn("", words(receipts, "messageId"));
        const put = { from: wholeSecond(from), to };
        const known: Known = { id, receipts: [], put, shown: 0 };
        queue.known.set(id, known);
        this.learnReceipt(queue, known, receipts, hidden);
      },
      view: () => "put",
    };
  }

  private async receiveWhenQuiet(queue: Queue): Promise<Operation<readonly ReceivedMessage[]>> {
    await sleep(Math.max(0, queue.quietFrom - Date.now())); // V1
    const count = this.comparableCount(queue);
    const hidden = count <= FEW && this.random.oneIn(20) ? 1 : AN_HOUR;
    const isAll = count >= this.visible(queue).length;
    return {
      kind: "receive messages",
      text: `${queue.name} receive ${count} for ${hidden}`,
      run: (storage) => storage.queue(queue.name).receive(count, hidden),
      learn: (messages) => {
        for (const message of messages.model) {
          const name = this.#ids.nameOf("", message.messageId, "model");
          const theirs = messages.emulator.find(
            ({ messageId }) => this.#ids.nameOf("", messageId, "emulator") === name,
          );
          const known = queue.known.get(Number(name.slice(1)));
          if (theirs && known) this.learnReceipt(queue, known, { emulator: theirs, model: message }, hidden);
        }
      },
      view: (messages, side) => {
        const views = messages.map((message) => this.viewOfMessage(queue, message, side));
        return isAll ? views.sort((a, b) => (a.id < b.id ? -1 : 1)) : views; // V2
      },
      allows: ({ emulator, model }) =>
        isRefusal(emulator) && isRefusal(model) && (count < 1 || count > MAX_RECEIVED)
          ? EITHER_REFUSAL
          : undefined,
    };
  }

  private update(queue: Queue): Operation<Receipt> {
    const { random } = this;
    const { known, send } = this.drawReceipt(queue);
    const text = random.oneIn(2) ? anyText(random) : undefined;
    const hidden = this.hiddenSeconds();
    return {
      kind: "update message",
      text: `${queue.name} update ${this.shownReceipt(known, send)} hidden for ${hidden}, text ${JSON.stringify(text)?.slice(0, 200)}`,
      run: (storage, side) => storage.queue(queue.name).update(this.asSent(known, send, side), hidden, text),
      learn: (receipts) => {
        if (known) this.learnReceipt(queue, known, receipts, hidden);
      },
      view: (receipt, side) => this.#ids.nameOf("", receipt.messageId, side),
    };
  }

  private delete(queue: Queue): Operation<boolean> {
    const { known, send } = this.drawReceipt(queue);
    return {
      kind: "delete message",
      text: `${queue.name} delete ${this.shownReceipt(known, send)}`,
      run: (storage, side) => storage.queue(queue.name).delete(this.asSent(known, send, side)),
      learn: ({ model }) => {
        if (model && known) this.forget(queue, known);
      },
    };
  }

  /** Mostly the newest receipt of a message, else an older one, or one of a message that never was. */
  private drawReceipt(queue: Queue): { readonly known?: Known; readonly send?: number } {
    const { random: draw } = this;
    if (queue.known.size === 0 || draw.oneIn(50)) return {};
    const known = draw.pick([...queue.known.values()]);
    const newest = known.receipts.at(-1)!;
    // The emulator may give a message the same receipt again within a second, once in 65,536 times.
    const older = known.receipts.filter(
      (each) => this.#receipts.wordOf(each, "emulator") !== this.#receipts.wordOf(newest, "emulator"),
    );
    return { known, send: older.length > 0 && draw.oneIn(6) ? draw.pick(older) : newest };
  }

  /** A few of what is gone stay known: they are asked for, too. */
  private forget(queue: Queue, known: Known): void {
    if (!this.random.oneIn(10)) queue.known.delete(known.id);
  }

  private asSent(known: Known | undefined, send: number | undefined, side: Side): Receipt {
    if (!known || send === undefined) return NOT_FROM_HERE;
    return { messageId: this.#ids.wordOf(known.id, side), popReceipt: this.#receipts.wordOf(send, side) };
  }

  private learnReceipt(queue: Queue, known: Known, receipts: Both<Receipt>, hidden: number): void {
    known.receipts.push(this.#receipts.learn(`${known.id}`, words(receipts, "popReceipt")));
    known.shown = ++this.#shows;
    if (hidden > 0 && hidden < AN_HOUR) queue.quietFrom = Date.now() + SHOWN_AFTER_MS;
  }

  private hiddenSeconds(): number {
    return this.random.weighted([
      [70, 0],
      [40, AN_HOUR],
      [1, 1],
    ] as const);
  }

  /** What the model would hand out now, in its order. */
  private visible(queue: Queue): readonly Known[] {
    const messages = this.model.snapshot().queues[queue.name] ?? [];
    const now = Date.now();
    return messages
      .filter(({ visibleAt }) => visibleAt <= now)
      .sort((a, b) => a.visibleAt - b.visibleAt)
      .flatMap(
        ({ messageId }) => queue.known.get(Number(this.#ids.nameOf("", messageId, "model").slice(1))) ?? [],
      );
  }

  private comparableCount(queue: Queue): number {
    const { random: draw } = this;
    if (draw.oneIn(100)) return draw.pick([0, 33]); // refused
    const visible = this.visible(queue);
    const count = 1 + draw.int(MAX_RECEIVED);
    const byShow = [...visible].sort((a, b) => a.shown - b.shown);
    const isSure = visible.every((known, index) => index >= count || known === byShow[index]);
    return isSure ? count : MAX_RECEIVED; // V2
  }

  private viewOfMessage(queue: Queue, message: ReceivedMessage, side: Side): MessageView {
    const id = this.#ids.nameOf("", message.messageId, side);
    const { text, dequeueCount, insertedOn } = message;
    const put = queue.known.get(Number(id.slice(1)))?.put;
    const isInTime = put && insertedOn >= put.from && insertedOn <= put.to && insertedOn % 1000 === 0;
    return { id, text, dequeueCount, insertedOn: isInTime ? "in time" : insertedOn };
  }

  private shownReceipt(known: Known | undefined, send: number | undefined): string {
    if (!known || send === undefined) return "of nothing";
    return `#${known.id} with ${send === known.receipts.at(-1) ? "its newest receipt" : "an older receipt"}`;
  }
}

function words(receipts: Both<Receipt>, field: keyof Receipt): Both<string> {
  return { emulator: receipts.emulator[field], model: receipts.model[field] };
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
