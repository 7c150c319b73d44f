/**
 * Keeps this worker's share of the partitions: acquires, renews, asks for more, hands over what others ask for.
 *
 * - L1 All partitions of a worker are renewed in one transaction; a conflict means that somebody wants one or took one.
 * - L2 `validUntil` counts from before the request that granted the lease, by storage's clock as this process knows
 *   it: an owner that cannot renew stops committing before anyone else may take over.
 * - L3 A worker that has less than its share writes its name as next owner; the owner drains and releases, cleanly if
 *   nothing went wrong in its epoch, and only the next owner may take the partition for a while.
 */
import type { Clock, Logger } from "@perdure/core";
import type { LeaseChange, LeaseRow, LeaseTable } from "./lease-table";

/** One ownership of one partition. Ends once, for good. */
export interface Ownership {
  readonly partition: number;
  /** Milliseconds without anything to do. */
  readonly idleMs: number;
  renewed(validUntil: number): void;
  /** The partition is somebody else's now. */
  lose(): void;
  /** Lets what runs finish for `limitMs` at most, gives back the rest. True when the epoch ended cleanly. */
  drain(limitMs: number): Promise<boolean>;
}

export interface LeaseOptions {
  readonly workerId: string;
  readonly renewMs: number;
  readonly idleRenewMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Begins an ownership of the row's partition in the row's epoch. */
  begin(row: LeaseRow, validUntil: number): Ownership;
}

interface Held {
  row: LeaseRow;
  readonly ownership: Ownership;
}

/** A lease lasts this many renewals. */
const RENEWALS_PER_LEASE = 3;
/** Part of the lease in which an owner still commits; the rest is for clocks that differ. */
const SAFE_PART = 0.8;
/** Idle for this long, a worker renews at the slower pace. */
const IDLE_AFTER_MS = 120_000;
/** While a hand-over is under way. */
const HANDOVER_POLL_MS = 500;

export class Leases {
  readonly #held = new Map<number, Held>();
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #renewing: Promise<void> | undefined;
  #partitionCount = 0;
  #handoverPending = false;

  constructor(
    private readonly table: LeaseTable,
    private readonly options: LeaseOptions,
  ) {}

  start(): void {
    this.#loop ??= this.run();
  }

  /** Hands everything back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.release([...this.#held.values()]);
  }

  /** Renews now instead of in time; what somebody else took meanwhile is lost. Never rejects. */
  renewNow(): Promise<void> {
    this.#renewing ??= this.renewOrFollow()
      .catch((error: unknown) => this.warn(error))
      .finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  private async run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.tick();
      } catch (error) {
        this.warn(error);
      }
      await this.options.clock.sleep(this.pauseMs(), signal);
    }
  }

  private warn(error: unknown): void {
    this.options.logger.warn("Renewing the leases of this worker failed.", { error });
  }

  private pauseMs(): number {
    if (this.#handoverPending) return HANDOVER_POLL_MS;
    return this.renewMs();
  }

  private renewMs(): number {
    const { renewMs, idleRenewMs } = this.options;
    const idle = [...this.#held.values()].every(({ ownership }) => ownership.idleMs > IDLE_AFTER_MS);
    return idle && this.#held.size > 0 ? idleRenewMs : renewMs;
  }

  private async tick(): Promise<void> {
    const ownsAll = this.#held.size > 0 && this.#held.size === this.#partitionCount;
    if (ownsAll && (await this.renew())) return;
    const rows = await this.table.readAll();
    this.#partitionCount = rows.length;
    this.follow(rows);
    await this.handOver();
    await this.balance(rows);
    if (!ownsAll && this.#held.size > 0) await this.renew();
  }

  private async renewOrFollow(): Promise<void> {
    if (this.#held.size === 0 || (await this.renew())) return;
    this.follow(await this.table.readAll());
    if (this.#held.size > 0) await this.renew();
  }

  /** L1. False when a row has changed. */
  private async renew(): Promise<boolean> {
    const held = [...this.#held.values()];
    const { expiresAt, validUntil } = this.nextTerm();
    const rows = await this.table.update(held.map(({ row }) => ({ row, change: { expiresAt } })));
    if (!rows) return false;
    held.forEach((entry, index) => {
      entry.row = rows[index] ?? entry.row;
      entry.ownership.renewed(validUntil);
    });
    return true;
  }

  private nextTerm(): { readonly expiresAt: number; readonly validUntil: number } {
    const now = this.options.clock.now();
    const leaseMs = this.renewMs() * RENEWALS_PER_LEASE;
    return { expiresAt: now + leaseMs, validUntil: now + leaseMs * SAFE_PART };
  }

  /** Takes note of what the table says about what this worker holds. */
  private follow(rows: readonly LeaseRow[]): void {
    for (const row of rows) {
      const held = this.#held.get(row.partition);
      if (!held) continue;
      if (row.owner === this.options.workerId && row.epoch === held.row.epoch) held.row = row;
      else {
        this.#held.delete(row.partition);
        held.ownership.lose();
        this.options.logger.warn(`Lost partition ${row.partition} to '${row.owner}'.`);
      }
    }
  }

  /** L3, as the one who is asked. */
  private async handOver(): Promise<void> {
    const { workerId } = this.options;
    const wanted = [...this.#held.values()].filter(
      ({ row }) => row.nextOwner !== "" && row.nextOwner !== workerId,
    );
    await this.release(wanted);
  }

  private async release(entries: readonly Held[]): Promise<void> {
    await Promise.all(
      entries.map(async (held) => {
        const clean = await held.ownership.drain(this.options.renewMs);
        this.#held.delete(held.row.partition);
        await this.writeRelease(held.row, clean);
      }),
    );
  }

  private async writeRelease(row: LeaseRow, clean: boolean): Promise<void> {
    const now = this.options.clock.now();
    const change: LeaseChange = {
      owner: "",
      expiresAt: row.nextOwner === "" ? now : now + this.options.renewMs,
      cleanEpochs: clean ? [...row.cleanEpochs, row.epoch] : row.cleanEpochs,
    };
    try {
      if (await this.table.update([{ row, change }])) return;
      const fresh = (await this.table.readAll()).find(({ partition }) => partition === row.partition);
      if (fresh?.owner !== this.options.workerId || fresh.epoch !== row.epoch) return;
      await this.table.update([{ row: fresh, change: { ...change, expiresAt: now + this.options.renewMs } }]);
    } catch (error) {
      this.options.logger.warn(`Releasing partition ${row.partition} failed; its lease will run out.`, {
        error,
      });
    }
  }

  /** Takes what is free, and asks for more while others have more than their share. */
  private async balance(rows: readonly LeaseRow[]): Promise<void> {
    const { workerId, clock } = this.options;
    const now = clock.now();
    const workers = new Set([workerId]);
    for (const { owner, nextOwner, expiresAt } of rows) {
      if (owner !== "" && expiresAt > now) workers.add(owner);
      if (nextOwner !== "" && expiresAt > now) workers.add(nextOwner);
    }
    const most = Math.ceil(rows.length / workers.size);
    const free = rows.filter((row) => !this.#held.has(row.partition) && isFree(row, workerId, now));
    await this.acquire(free.slice(0, Math.max(0, most - this.#held.size)));
    await this.askForMore(rows, Math.floor(rows.length / workers.size), now);
  }

  private async acquire(free: readonly LeaseRow[]): Promise<void> {
    if (free.length === 0) return;
    const { workerId } = this.options;
    const { expiresAt, validUntil } = this.nextTerm();
    const change = (row: LeaseRow): LeaseChange => ({
      owner: workerId,
      nextOwner: "",
      expiresAt,
      epoch: row.epoch + 1,
    });
    const rows = await this.table.update(free.map((row) => ({ row, change: change(row) })));
    if (!rows) {
      this.#handoverPending = true; // somebody else was quicker with one of them: look again soon
      return;
    }
    for (const row of rows)
      this.#held.set(row.partition, { row, ownership: this.options.begin(row, validUntil) });
  }

  private async askForMore(rows: readonly LeaseRow[], least: number, now: number): Promise<void> {
    const { workerId } = this.options;
    const asked = rows.filter((row) => row.nextOwner === workerId && !this.#held.has(row.partition));
    const missing = least - this.#held.size - asked.length;
    const byOwner = new Map<string, LeaseRow[]>();
    for (const row of rows) {
      if (row.owner === "" || row.owner === workerId || row.expiresAt <= now) continue;
      byOwner.set(row.owner, [...(byOwner.get(row.owner) ?? []), row]);
    }
    const spare = [...byOwner.values()].flatMap((owned) =>
      owned.filter((row) => row.nextOwner === "").slice(least),
    );
    for (const row of spare.slice(0, Math.max(0, missing))) {
      await this.table.update([{ row, change: { nextOwner: workerId } }]);
    }
    this.#handoverPending = missing > 0 || asked.length > 0;
  }
}

function isFree(row: LeaseRow, workerId: string, now: number): boolean {
  if (row.owner === "") return row.nextOwner === "" || row.nextOwner === workerId || row.expiresAt <= now;
  return row.expiresAt <= now;
}
