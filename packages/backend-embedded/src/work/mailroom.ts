/**
 * What waits in the partitions this process owns: messages to deliver and timers that are due soon. The file has all
 * of it and more; this is what the process must know to act in time.
 *
 * - M1 A letter is added only once its row is on the disk, and forgotten only after its row is. The start of a new
 *   instance may be handed out ahead, see creation.ts.
 * - M2 Timers beyond a horizon stay in the file: a million of them cost no memory.
 */
import { DueQueue } from "@perdure/core";
import type { Clock } from "@perdure/core";
import type { HubFile } from "../file/hub-file";
import { readInstance } from "../file/instance-rows";
import { between, isState, under } from "../file/keys";
import type { Key } from "../file/keys";
import type { Creation } from "./creation";
import type { Inbox } from "./inbox";
import { compareLetters, letterId, parseLetter } from "./letter";
import type { Letter } from "./letter";
import { OwnedPartition } from "./owned-partition";

interface ArmedTimer {
  readonly partition: OwnedPartition;
  readonly key: Key;
}

/** How far ahead timers are read into memory, and how many of a partition at a time. */
const HORIZON_MS = 60_000;
const TIMERS_AT_A_TIME = 10_000;
/** Timers are read that long before they are due. */
const AHEAD_MS = 1000;

export class Mailroom {
  /** Instances by the time a session can be had. */
  readonly ready = new DueQueue<Inbox>();
  /** Timers by their due time, and partitions by the time they need more timers read. */
  readonly timers = new DueQueue<ArmedTimer | OwnedPartition>();
  readonly #partitions = new Map<number, OwnedPartition>();

  constructor(
    private readonly file: HubFile,
    private readonly clock: Clock,
  ) {}

  get partitions(): Iterable<OwnedPartition> {
    return this.#partitions.values();
  }

  get size(): number {
    return this.#partitions.size;
  }

  partition(number: number): OwnedPartition | undefined {
    return this.#partitions.get(number);
  }

  /**
   * Takes over a partition with all that waits in it.
   *
   * @param claim The row that made it ours, on the disk by now.
   * @param isUnclean Whether the former owner did not give it up.
   */
  adopt(number: number, claim: string, isUnclean: boolean): void {
    const partition = new OwnedPartition(number, claim);
    this.#partitions.set(number, partition);
    this.file.refresh();
    const anchors = this.file.keysIn(under("anchor", number));
    if (anchors.length > 0) {
      const queued = queuedActivities(this.file);
      for (const key of anchors) partition.open(String(key[2])).orphans = { queued };
    }
    const now = this.clock.now();
    const rows = [
      ...this.file.rows(under("inbox", number)),
      ...this.file.rows(between(["timer", number], Number.NEGATIVE_INFINITY, now + 1)),
    ];
    partition.timersUntil = now + 1;
    const letters: Letter[] = [];
    for (const { key, value } of rows) {
      const row = this.readLetter(key, value, isUnclean);
      if (!row) continue;
      const inbox = partition.open(row.letter.message.instanceId);
      inbox.heldUntil = Math.max(inbox.heldUntil, row.notBefore);
      letters.push(row.letter);
    }
    for (const letter of letters.sort(compareLetters)) partition.open(letter.message.instanceId).add(letter);
    for (const inbox of partition.inboxes) this.reschedule(inbox);
    this.readTimers(partition);
  }

  /** The partition belongs to somebody else now, or to nobody. */
  drop(partition: OwnedPartition): void {
    if (this.#partitions.get(partition.number) === partition) this.#partitions.delete(partition.number);
    partition.isLost = true;
    this.timers.delete(partition);
    for (const inbox of partition.inboxes) {
      this.ready.delete(inbox);
      inbox.session?.giveBack();
    }
  }

  /** To be called after any change to an inbox. */
  reschedule(inbox: Inbox): void {
    const { partition, dueAt } = inbox;
    if (partition.isLost) return;
    if (dueAt === undefined || partition.isLeaving) this.ready.delete(inbox);
    else this.ready.set(inbox, dueAt);
    if (inbox.isIdle) partition.forget(inbox);
  }

  deliver(partition: OwnedPartition, letter: Letter): void {
    if (partition.isLost) return;
    const inbox = partition.open(letter.message.instanceId);
    if (!inbox.add(letter)) return;
    if (inbox.session) inbox.arrivals.notify();
    else this.reschedule(inbox);
  }

  /** Hands out the start of a new instance ahead of its commit. False when that must wait for the commit. */
  deliverAhead(instanceId: string, creation: Creation): boolean {
    const partition = this.#partitions.get(this.file.partitionOf(instanceId));
    if (!partition || partition.isLeaving || partition.find(instanceId)) return false;
    partition.open(instanceId).creation = creation;
    this.deliver(partition, creation.letter);
    return true;
  }

  /** The start is on the disk, or will never be. */
  endCreation(instanceId: string, creation: Creation): void {
    const inbox = this.#partitions.get(this.file.partitionOf(instanceId))?.find(instanceId);
    if (inbox?.creation !== creation) return;
    inbox.creation = undefined;
    if (creation.state !== "written" && creation.state !== "absorbed") inbox.forget([creation.letter]);
    this.reschedule(inbox);
  }

  /** A row of the timers has been written. */
  arm(partition: OwnedPartition, key: Key): void {
    if (partition.isLost) return;
    const dueAt = Number(key[2]);
    if (dueAt < partition.timersUntil) this.timers.set({ partition, key }, dueAt);
    else this.readTimersLater(partition, dueAt);
  }

  /** Delivers the timers that are due, at most some, so that other work has its turn. Returns how many. */
  fireTimers(limit: number): number {
    let fired = 0;
    const now = this.clock.now();
    for (; fired < limit; fired++) {
      const next = this.timers.take(now);
      if (!next) break;
      if (next instanceof OwnedPartition) this.readTimers(next);
      else this.fire(next);
    }
    return fired;
  }

  /** Takes in what other processes have left for a partition. Returns the notes, to be removed. */
  readNotes(partition: OwnedPartition): readonly Key[] {
    const notes = this.file.rows(under("note", partition.number));
    for (const { value } of notes) {
      const key = JSON.parse(value) as Key;
      if (key[0] === "timer") this.arm(partition, key);
      else if (isState(key)) this.dropMail(partition, String(key[1]));
      else this.deliverRow(partition, key);
    }
    return notes.map(({ key }) => key);
  }

  /** An instance has been purged: what waits for it is gone. */
  dropMail(partition: OwnedPartition, instanceId: string): void {
    const inbox = partition.find(instanceId);
    if (!inbox) return;
    inbox.clearWaiting();
    this.reschedule(inbox);
  }

  private deliverRow(partition: OwnedPartition, key: Key): void {
    const text = this.file.get(key);
    const row = text === undefined ? undefined : this.readLetter(key, text, false);
    if (row) this.deliver(partition, row.letter);
  }

  private fire({ partition, key }: ArmedTimer): void {
    if (!partition.isLost) this.deliverRow(partition, key); // unless it has been cancelled or moved meanwhile
  }

  private readLetter(
    key: Key,
    text: string,
    isSuspect: boolean,
  ): { readonly letter: Letter; readonly notBefore: number } | undefined {
    const { deliveryCount, arrivedAt, notBefore, message } = parseLetter(text);
    const found = message ?? readInstance(this.file, String(key[2]))?.pending?.message;
    return (
      found && {
        letter: { id: letterId(key), key, message: found, arrivedAt, deliveryCount, isSuspect },
        notBefore,
      }
    );
  }

  /** M2 */
  private readTimers(partition: OwnedPartition): void {
    partition.readTimersAt = undefined;
    if (partition.isLost) return;
    const { number, timersUntil: from } = partition;
    let until = Math.max(from, this.clock.now()) + HORIZON_MS;
    let due = this.file.keysIn(between(["timer", number], from, until), TIMERS_AT_A_TIME);
    if (due.length === TIMERS_AT_A_TIME) {
      until = Number(due.at(-1)?.[2]) + 1; // all of the last millisecond
      due = this.file.keysIn(between(["timer", number], from, until));
    }
    partition.timersUntil = until;
    for (const key of due) this.arm(partition, key);
    const [next] = this.file.keysIn(between(["timer", number], until, Number.POSITIVE_INFINITY), 1);
    if (next) this.readTimersLater(partition, Number(next[2]));
  }

  /** In time for one that is due then. */
  private readTimersLater(partition: OwnedPartition, dueAt: number): void {
    const at = dueAt - AHEAD_MS;
    if (partition.readTimersAt !== undefined && partition.readTimersAt <= at) return;
    partition.readTimersAt = at;
    this.timers.set(partition, at);
  }
}

/** Ids of the activities on the work-item queue. */
export function queuedActivities(file: HubFile): ReadonlySet<string> {
  const rows = file.rows(under("activity"));
  return new Set(rows.map(({ value }) => (JSON.parse(value) as [number, { readonly id: string }])[1].id));
}
