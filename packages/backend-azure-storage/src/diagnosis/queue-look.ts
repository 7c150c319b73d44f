/** What can be seen of a queue from outside: how many messages it has, and the first of those that are not hidden. */
import { CorruptStorageError } from "@perdure/core";
import type { Clock } from "@perdure/core";
import { open } from "../envelope";
import type { Payloads } from "../payloads";
import type { PeekedMessage, QueueStore } from "../storage/storage";

/** Most that a queue shows at a time. */
const MOST_SHOWN = 32;
/** A hub with many instances to look at asks each queue about once a second. */
const FRESH_MS = 1000;

export interface SeenMessage<T> {
  readonly message: T;
  readonly deliveryCount: number;
  /** Milliseconds since the epoch. */
  readonly insertedOn: number;
}

export interface QueueLook<T> {
  readonly visible: readonly SeenMessage<T>[];
  /** Whether `visible` is all there is in the queue: none is hidden, unreadable or further behind. */
  readonly isAll: boolean;
  /** Whether there may be more that is not hidden. */
  readonly hasMore: boolean;
}

interface Message {
  readonly id: string;
  readonly instanceId: string;
}

export class QueueLooks<T extends Message> {
  readonly #recent = new Map<string, { readonly at: number; readonly look: Promise<QueueLook<T>> }>();

  constructor(
    private readonly payloads: Payloads,
    private readonly clock: Clock,
  ) {}

  look(name: string, queue: QueueStore): Promise<QueueLook<T>> {
    const now = this.clock.now();
    const recent = this.#recent.get(name);
    if (recent && now - recent.at < FRESH_MS) return recent.look;
    const look = this.read(queue);
    this.#recent.set(name, { at: now, look });
    look.catch(() => this.#recent.delete(name));
    return look;
  }

  private async read(queue: QueueStore): Promise<QueueLook<T>> {
    const visible = await queue.peek(MOST_SHOWN);
    const count = await queue.count();
    const opened = await Promise.all(visible.map((message) => this.tryOpen(message)));
    const readable = opened.filter((message) => message !== undefined);
    return {
      visible: readable,
      isAll: readable.length === count,
      hasMore: visible.length === MOST_SHOWN,
    };
  }

  /** Nothing of a text that is no message, which becomes a dead letter, or whose blob has gone with it meanwhile. */
  private async tryOpen(seen: PeekedMessage): Promise<SeenMessage<T> | undefined> {
    try {
      const { message, earlyDeliveries } = await open<T>(seen.text, this.payloads);
      const deliveryCount = Math.max(0, seen.dequeueCount - earlyDeliveries);
      return { message, deliveryCount, insertedOn: seen.insertedOn };
    } catch (error) {
      if (CorruptStorageError.is(error)) return undefined;
      throw error;
    }
  }
}
