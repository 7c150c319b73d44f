/**
 * Who works on which partitions. Every process that works keeps a row that says until when it counts as alive; the
 * partitions are shared evenly among those. A partition's row names its owner and how often it has changed hands;
 * whoever commits in it checks that row, so a process that was thought dead and is not can do no harm.
 *
 * A process of this machine that has died is recognised at once, others when their time is up.
 */
import { randomUUID } from "node:crypto";
import type { Transaction } from "../file/group-commit";
import { keys, under } from "../file/keys";
import type { OwnedPartition } from "./owned-partition";
import { MACHINE, claimOf, isAlive } from "./process-row";
import type { Claim, ProcessRow } from "./process-row";
import type { Services } from "./services";
import { freeItems } from "./work-items";

interface Acquired {
  readonly number: number;
  readonly claim: string;
  readonly isUnclean: boolean;
}

interface Round {
  readonly acquired: readonly Acquired[];
  readonly lost: readonly OwnedPartition[];
  /** How many partitions others should have instead. */
  readonly excess: number;
  readonly processes: string;
  /** Whether dead processes had activities in hand. */
  readonly hasFreed: boolean;
}

export class Ownership {
  readonly id: string = randomUUID();
  #processes = this.id;
  #round: Promise<void> = Promise.resolve();

  constructor(private readonly services: Services) {}

  /** Whether other processes worked on the hub when it was last looked at. */
  get hasOthers(): boolean {
    return this.#processes !== this.id;
  }

  /** Whether somebody has come or gone since. */
  get isOutdated(): boolean {
    return processIds(this.services.file.keysIn(under("process"))) !== this.#processes;
  }

  /** Says that this process is alive, takes its share of partitions and gives up what is more. One at a time. */
  look(): Promise<void> {
    this.#round = this.#round.catch(() => undefined).then(() => this.round());
    return this.#round;
  }

  /** Gives everything up. Sessions must have ended. */
  async leave(): Promise<void> {
    await this.#round.catch(() => undefined);
    const { commits, mailroom, file } = this.services;
    const owned = [...mailroom.partitions];
    await commits.run(
      (transaction) => {
        for (const partition of owned) vacate(transaction, partition);
        transaction.remove(keys.process(this.id));
      },
      () => {
        for (const partition of owned) mailroom.drop(partition);
        file.bell.ring();
      },
    );
  }

  /** A partition that is to go has no session any more. */
  async release(partition: OwnedPartition): Promise<void> {
    const { commits, mailroom, file } = this.services;
    await commits.run(
      (transaction) => vacate(transaction, partition),
      () => {
        mailroom.drop(partition);
        file.bell.ring();
      },
    );
  }

  private async round(): Promise<void> {
    const { commits, mailroom, file, activityArrivals } = this.services;
    let excess = 0;
    await commits.run(
      (transaction) => this.divide(transaction),
      (round) => {
        for (const partition of round.lost) mailroom.drop(partition);
        for (const { number, claim, isUnclean } of round.acquired) mailroom.adopt(number, claim, isUnclean);
        excess = round.excess;
        if (round.hasFreed) activityArrivals.notify();
        if (round.processes !== this.#processes) file.bell.ring();
        this.#processes = round.processes;
      },
    );
    if (excess > 0) await this.giveUp(excess);
  }

  private divide(transaction: Transaction): Round {
    const { clock, lockMs, mailroom, file } = this.services;
    const now = clock.now();
    const me: ProcessRow = {
      pid: process.pid,
      machine: MACHINE,
      file: file.identity,
      expiresAt: now + lockMs,
    };
    transaction.put(keys.process(this.id), JSON.stringify(me));
    const alive: string[] = [];
    const dead = new Set<string>();
    for (const { key, value } of transaction.file.rows(under("process"))) {
      if (isAlive(JSON.parse(value) as ProcessRow, file.identity, now)) alive.push(String(key[1]));
      else {
        transaction.remove(key);
        dead.add(String(key[1]));
      }
    }
    const hasFreed = dead.size > 0 && freeItems(transaction, dead, now) > 0;
    const counts = new Map(alive.map((id) => [id, 0]));
    const lost: OwnedPartition[] = [];
    const free: Acquired[] = [];
    for (let number = 0; number < file.partitionCount; number++) {
      const text = transaction.claim(number);
      const claim: Claim = text === undefined ? { owner: null, epoch: 0 } : (JSON.parse(text) as Claim);
      const partition = mailroom.partition(number);
      const isMine = partition !== undefined && partition.claim === text;
      if (partition && !isMine) lost.push(partition);
      const { owner, epoch } = claim;
      const count = owner === null || (owner === this.id && !isMine) ? undefined : counts.get(owner);
      if (owner !== null && count !== undefined) counts.set(owner, count + 1);
      else free.push({ number, claim: claimOf(this.id, epoch + 1), isUnclean: owner !== null });
    }
    const { most, excess } = share(counts, this.id, file.partitionCount, free.length);
    const acquired = free.slice(0, most);
    for (const { number, claim } of acquired) transaction.claimPartition(number, claim);
    return { acquired, lost, excess, hasFreed, processes: processIds(alive.map((id) => ["process", id])) };
  }

  /** Those without sessions go at once, others when their sessions have ended. */
  private async giveUp(excess: number): Promise<void> {
    const owned = [...this.services.mailroom.partitions];
    const leaving = owned.filter(({ isLeaving }) => isLeaving);
    const staying = owned.filter(({ isLeaving }) => !isLeaving);
    const idleFirst = staying.sort((a, b) => Number(a.hasSessions) - Number(b.hasSessions));
    for (const partition of idleFirst.slice(0, Math.max(0, excess - leaving.length))) {
      partition.isLeaving = true;
      for (const inbox of partition.inboxes) this.services.mailroom.reschedule(inbox);
      leaving.push(partition);
    }
    for (const partition of leaving) if (!partition.hasSessions) await this.release(partition);
  }
}

/** How many of the free partitions to take at most, and how many to give up: nobody is to have one too few. */
function share(
  counts: ReadonlyMap<string, number>,
  id: string,
  partitions: number,
  free: number,
): { readonly most: number; readonly excess: number } {
  const own = counts.get(id) ?? 0;
  const least = Math.floor(partitions / counts.size);
  const largest = Math.ceil(partitions / counts.size);
  const isWanted = free === 0 && [...counts.values()].some((count) => count < least);
  return {
    most: Math.max(0, largest - own),
    excess: own > largest ? own - largest : own > least && isWanted ? 1 : 0,
  };
}

function vacate(transaction: Transaction, { number, claim }: OwnedPartition): void {
  if (transaction.claim(number) !== claim) return;
  transaction.claimPartition(number, claimOf(null, (JSON.parse(claim) as Claim).epoch));
}

function processIds(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((key) => String(key[1])).join(" ");
}
