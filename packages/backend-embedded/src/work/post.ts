/**
 * Writes messages and activities into a transaction, and passes them on once it is on the disk: to the mailroom when
 * this process owns the receiver's partition, else by a note and the bell.
 */
import type { ActivityMessage, Clock, TaskMessage, Wakeups } from "@perdure/core";
import type { Transaction } from "../file/group-commit";
import type { HubFile } from "../file/hub-file";
import { keys } from "../file/keys";
import type { Key } from "../file/keys";
import type { Creation } from "./creation";
import { formatLetter, letterId } from "./letter";
import type { Letter } from "./letter";
import type { Mailroom } from "./mailroom";
import type { OwnedPartition } from "./owned-partition";

/** What is to be passed on after a commit. */
export class Outgoing {
  readonly letters: { readonly partition: OwnedPartition; readonly letter: Letter }[] = [];
  readonly timers: { readonly partition: OwnedPartition; readonly key: Key }[] = [];
  hasActivities = false;
  hasNotes = false;
}

export class Post {
  /**
   * @param arrivals Notified when there are activities to run.
   * @param hasOthers Whether other processes work on the hub.
   */
  constructor(
    private readonly file: HubFile,
    private readonly clock: Clock,
    private readonly mailroom: Mailroom,
    private readonly arrivals: Wakeups,
    private readonly hasOthers: () => boolean,
  ) {}

  /** The partition, if this process owns it in the eyes of the transaction. */
  owned(transaction: Transaction, number: number): OwnedPartition | undefined {
    const partition = this.mailroom.partition(number);
    return partition && transaction.claim(number) === partition.claim ? partition : undefined;
  }

  write(transaction: Transaction, message: TaskMessage, outgoing: Outgoing): void {
    const now = this.clock.now();
    const { visibleAt = now } = message;
    if (visibleAt > now) this.writeTimer(transaction, message, visibleAt, outgoing);
    else this.writeLetter(transaction, message, message, outgoing);
  }

  /**
   * Returns the number the start has in the inbox. The message itself is in the instance's row.
   *
   * @param creation Set when a session may have the start already.
   */
  writeStart(
    transaction: Transaction,
    message: TaskMessage,
    outgoing: Outgoing,
    creation: Creation | undefined,
  ): number {
    return this.writeLetter(transaction, message, undefined, outgoing, creation?.letter);
  }

  writeActivity(
    transaction: Transaction,
    message: ActivityMessage,
    outgoing: Outgoing,
    dueAt = this.clock.now(),
  ): void {
    transaction.put(keys.activity(dueAt, transaction.nextNumber()), JSON.stringify([0, message]));
    outgoing.hasActivities = true;
  }

  /** Says that an instance has been purged. */
  writePurged(transaction: Transaction, instanceId: string, outgoing: Outgoing): void {
    const number = this.file.partitionOf(instanceId);
    if (!this.owned(transaction, number)) this.note(transaction, number, keys.state(instanceId), outgoing);
  }

  /** To be called when the transaction is on the disk. */
  passOn({ letters, timers, hasActivities, hasNotes }: Outgoing): void {
    for (const { partition, letter } of letters) this.mailroom.deliver(partition, letter);
    for (const { partition, key } of timers) this.mailroom.arm(partition, key);
    if (hasActivities) this.arrivals.notify();
    if (hasNotes || (hasActivities && this.hasOthers())) this.file.bell.ring();
  }

  private writeLetter(
    transaction: Transaction,
    message: TaskMessage,
    stored: TaskMessage | undefined,
    outgoing: Outgoing,
    delivered?: Letter,
  ): number {
    const { instanceId } = message;
    const partition = this.file.partitionOf(instanceId);
    const number = transaction.nextNumber();
    const key = keys.inbox(partition, instanceId, number);
    const arrivedAt = this.clock.now();
    transaction.put(key, formatLetter({ deliveryCount: 0, arrivedAt, notBefore: 0, message: stored }));
    const owned = this.owned(transaction, partition);
    if (delivered) delivered.key = key;
    if (!owned) this.note(transaction, partition, key, outgoing);
    else if (!delivered) {
      const letter = { id: letterId(key), key, message, arrivedAt, deliveryCount: 0, isSuspect: false };
      outgoing.letters.push({ partition: owned, letter });
    }
    return number;
  }

  private writeTimer(
    transaction: Transaction,
    message: TaskMessage,
    dueAt: number,
    outgoing: Outgoing,
  ): void {
    const partition = this.file.partitionOf(message.instanceId);
    const key = keys.timer(partition, dueAt, message.id);
    transaction.put(key, formatLetter({ deliveryCount: 0, arrivedAt: dueAt, notBefore: 0, message }));
    const owned = this.owned(transaction, partition);
    if (owned) outgoing.timers.push({ partition: owned, key });
    else this.note(transaction, partition, key, outgoing);
  }

  private note(transaction: Transaction, partition: number, about: Key, outgoing: Outgoing): void {
    transaction.put(keys.note(partition, transaction.nextNumber()), JSON.stringify(about));
    outgoing.hasNotes = true;
  }
}
