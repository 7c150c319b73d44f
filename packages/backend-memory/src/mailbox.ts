import type { TaskMessage } from "@perdure/core";

/** A stored message of one instance. */
export interface Letter {
  readonly message: TaskMessage;
  /** Times it has been handed to a session. */
  readonly deliveryCount: number;
}

export interface Entry {
  readonly message: TaskMessage;
  /** When it becomes visible, which is when it arrives. */
  readonly arrivesAt: number;
  readonly order: number;
  deliveryCount: number;
  taken: boolean;
}

/** The messages of one instance: waiting, or taken by the one session that holds it. */
export class Mailbox {
  #entries: Entry[] = [];
  #order = 0;
  /** `nextArrival`, or "unknown" since entries were taken, given back or removed. */
  #next: number | undefined | "unknown";

  add(message: TaskMessage, now: number): void {
    const arrivesAt = Math.max(message.visibleAt ?? now, now);
    if (this.#next !== "unknown") this.#next = Math.min(this.#next ?? arrivesAt, arrivesAt);
    this.#entries.push({ message, arrivesAt, order: this.#order++, deliveryCount: 0, taken: false });
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** All that is here, taken or not. */
  get all(): readonly Readonly<Entry>[] {
    return this.#entries;
  }

  /** When the first message that is not taken arrives. */
  get nextArrival(): number | undefined {
    if (this.#next === "unknown") this.#next = this.findNextArrival();
    return this.#next;
  }

  /** Takes what has arrived, in order of arrival. */
  take(now: number): readonly Letter[] {
    const arrived = this.#entries
      .filter((entry) => !entry.taken && entry.arrivesAt <= now)
      .sort((a, b) => a.arrivesAt - b.arrivesAt || a.order - b.order);
    if (arrived.length > 0) this.#next = "unknown";
    for (const entry of arrived) {
      entry.taken = true;
      entry.deliveryCount++;
    }
    return arrived;
  }

  /** Deletes what is taken and returns it. */
  removeTaken(): readonly Letter[] {
    return this.remove((entry) => entry.taken);
  }

  /** What was taken waits again, but for what has been delivered `maxDeliveryCount` times: that is deleted and returned. */
  giveBack(maxDeliveryCount: number): readonly Letter[] {
    const poison = this.remove((entry) => entry.taken && entry.deliveryCount >= maxDeliveryCount);
    for (const entry of this.#entries) entry.taken = false;
    this.#next = "unknown";
    return poison;
  }

  delete(messageIds: ReadonlySet<string>): void {
    if (messageIds.size > 0) this.remove(({ message }) => messageIds.has(message.id));
  }

  private remove(condition: (entry: Entry) => boolean): readonly Letter[] {
    const removed = this.#entries.filter(condition);
    if (removed.length > 0) {
      this.#entries = this.#entries.filter((entry) => !condition(entry));
      this.#next = "unknown";
    }
    return removed;
  }

  private findNextArrival(): number | undefined {
    let next: number | undefined;
    for (const { taken, arrivesAt } of this.#entries) {
      if (!taken && (next === undefined || arrivesAt < next)) next = arrivesAt;
    }
    return next;
  }
}
