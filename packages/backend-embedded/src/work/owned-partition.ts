import { Inbox } from "./inbox";

/** A partition this process owns, with what waits in it. */
export class OwnedPartition {
  readonly #inboxes = new Map<string, Inbox>();
  /** Timers due before that time are in memory, the others only in the file. */
  timersUntil = Number.NEGATIVE_INFINITY;
  /** When more are to be read; `undefined` while there are none. */
  readTimersAt: number | undefined;
  /** No new sessions: another process is to have it. */
  isLeaving = false;
  isLost = false;

  /** @param claim The row that says so; as long as it is in the file, the partition is owned. */
  constructor(
    readonly number: number,
    readonly claim: string,
  ) {}

  find(instanceId: string): Inbox | undefined {
    return this.#inboxes.get(instanceId);
  }

  open(instanceId: string): Inbox {
    let inbox = this.#inboxes.get(instanceId);
    if (!inbox) this.#inboxes.set(instanceId, (inbox = new Inbox(instanceId, this)));
    return inbox;
  }

  forget(inbox: Inbox): void {
    this.#inboxes.delete(inbox.instanceId);
  }

  get inboxes(): Iterable<Inbox> {
    return this.#inboxes.values();
  }

  get hasSessions(): boolean {
    for (const { session } of this.#inboxes.values()) if (session) return true;
    return false;
  }
}
