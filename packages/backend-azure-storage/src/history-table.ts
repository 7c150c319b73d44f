/**
 * `{Hub}History`: one partition per instance, a row per event, and the sentinel that says which rows count.
 *
 * - H1 A commit is one transaction with the sentinel under `If-Match` in it; of two writers one loses, whole.
 * - H2 Rows outside `[FirstOrdinal, FirstOrdinal + EventCount)` do not exist to a reader. So a commit too large for one
 *   transaction writes its rows first and moves the sentinel in its last transaction, and a replaced history
 *   continues after the ordinals of the old one.
 * - H3 Every transaction of a commit carries the sentinel, so that a stale writer fails at its first.
 */
import { CorruptStorageError } from "@perdure/core";
import type { HistoryEvent, InstanceState } from "@perdure/core";
import { readNumber, restoreLongTexts, spillLongTexts } from "./columns";
import type { Columns } from "./columns";
import { eventColumns, eventOf, ordinalKey, ordinalOf } from "./event-rows";
import { keyOf } from "./names";
import type { Payloads } from "./payloads";
import { sentinelColumns, stateOf } from "./state-rows";
import { StorageConflict } from "./storage/storage-errors";
import { quote } from "./storage/odata";
import type { StoredRow, TableOperation, TableRow, TableStore } from "./storage/storage";

const SENTINEL = "sentinel";
/** The service's limit is 100 operations; one is the sentinel's. */
const MAX_ROWS = 99;
/** The service's limit is 4 MiB as sent; this counts the text alone. */
const MAX_BYTES = 2_500_000;

/** Where the committed rows are, and the ETag that fences the next commit. */
export interface Committed {
  readonly etag: string;
  readonly epoch: number;
  readonly firstOrdinal: number;
  readonly eventCount: number;
}

export interface StoredHistory extends Committed {
  readonly state: InstanceState;
  readonly events: readonly HistoryEvent[];
  /** Open or not, by event id: which epoch said that it runs the activity itself. */
  readonly claims: ReadonlyMap<number, number>;
}

export interface Commit {
  readonly state: InstanceState;
  readonly mode: "append" | "replace";
  readonly events: readonly HistoryEvent[];
  readonly localActivities: ReadonlySet<number>;
  readonly epoch: number;
}

export class HistoryTable {
  constructor(
    private readonly table: TableStore,
    private readonly payloads: Payloads,
  ) {}

  /** The sentinel alone. `undefined` when nothing is committed. */
  async readSentinel(
    instanceId: string,
  ): Promise<{ readonly committed: Committed; readonly row: StoredRow } | undefined> {
    const row = await this.table.get(keyOf(instanceId), SENTINEL);
    return row && readNumber(row, "EventCount") > 0 ? { committed: committedOf(row), row } : undefined;
  }

  async readState(
    instanceId: string,
  ): Promise<{ readonly state: InstanceState; readonly committed: Committed } | undefined> {
    const sentinel = await this.readSentinel(instanceId);
    if (!sentinel) return undefined;
    const { committed, row } = sentinel;
    return { committed, state: stateOf(await restoreLongTexts(row, this.payloads)) };
  }

  /** The input of the current generation: its second event is always its start. */
  async readInput(instanceId: string, { firstOrdinal }: Committed): Promise<string | undefined> {
    const row = await this.table.get(keyOf(instanceId), ordinalKey(firstOrdinal + 1));
    const started = row && eventOf(await restoreLongTexts(row, this.payloads));
    return started?.type === "ExecutionStarted" ? started.input : undefined;
  }

  /** All that is committed. A history without events has only a fence to continue from. */
  async load(instanceId: string): Promise<StoredHistory | Committed | undefined> {
    const rows = await this.readAll(instanceId);
    const sentinel = rows.find(({ rowKey }) => rowKey === SENTINEL);
    if (!sentinel) return undefined;
    const committed = committedOf(sentinel);
    if (committed.eventCount === 0) return committed;
    const state = stateOf(await restoreLongTexts(sentinel, this.payloads));
    const counted = rows.filter(({ rowKey }) => rowKey !== SENTINEL && counts(committed, ordinalOf(rowKey)));
    if (counted.length !== committed.eventCount) {
      throw new CorruptStorageError(
        `Instance '${instanceId}' should have ${committed.eventCount} history rows and has ${counted.length}.`,
      );
    }
    const events = await Promise.all(
      counted.map(async (row) => eventOf(await restoreLongTexts(row, this.payloads))),
    );
    return { ...committed, state, events, claims: claimsOf(counted) };
  }

  /**
   * Commits a checkpoint on top of `base`, the last commit known.
   *
   * @throws StorageConflict when storage is not at `base`; nothing of the checkpoint is visible then.
   */
  async commit(instanceId: string, base: Committed | undefined, commit: Commit): Promise<Committed> {
    const created: string[] = [];
    const firstNew = (base?.firstOrdinal ?? 0) + (base?.eventCount ?? 0);
    const firstOrdinal = commit.mode === "replace" ? firstNew : (base?.firstOrdinal ?? 0);
    const eventCount = (commit.mode === "replace" ? 0 : (base?.eventCount ?? 0)) + commit.events.length;
    try {
      const rows = await this.rowsOf(instanceId, commit, firstNew, created);
      const columns = await spillLongTexts(
        {
          ...sentinelColumns(commit.state),
          FirstOrdinal: firstOrdinal,
          EventCount: eventCount,
          LeaseEpoch: commit.epoch,
        },
        this.payloads,
        instanceId,
        "sentinel",
        created,
      );
      const old = commit.mode === "replace" && base ? ordinals(base) : [];
      const etag = await this.write(instanceId, base, rows, columns, old);
      return { etag, epoch: commit.epoch, firstOrdinal, eventCount };
    } catch (error) {
      if (error instanceof StorageConflict) await this.payloads.delete(created); // the winner refers to none of them
      throw error;
    }
  }

  /** Deletes every row of a finished instance; `etag` is its sentinel's. Blobs go by folder. */
  async purge(instanceId: string, etag: string): Promise<void> {
    const partitionKey = keyOf(instanceId);
    await this.table.write({ kind: "delete", partitionKey, rowKey: SENTINEL, etag });
    const rows = await this.readAll(instanceId, ["RowKey"]);
    await this.deleteRows(
      partitionKey,
      rows.map(({ rowKey }) => rowKey).filter((rowKey) => rowKey !== SENTINEL),
    );
  }

  private async rowsOf(
    instanceId: string,
    commit: Commit,
    first: number,
    created: string[],
  ): Promise<TableRow[]> {
    const { executionId } = commit.state;
    return Promise.all(
      commit.events.map(async (event, index) => {
        const rowKey = ordinalKey(first + index);
        const claimed = event.type === "TaskScheduled" && commit.localActivities.has(event.eventId);
        const columns = eventColumns(event, executionId, claimed ? commit.epoch : undefined);
        const label = `history-${rowKey}-${event.type}`;
        const short = await spillLongTexts(columns, this.payloads, instanceId, label, created);
        return { ...short, partitionKey: keyOf(instanceId), rowKey };
      }),
    );
  }

  private async write(
    instanceId: string,
    base: Committed | undefined,
    rows: readonly TableRow[],
    sentinel: Columns,
    old: readonly number[],
  ): Promise<string> {
    const partitionKey = keyOf(instanceId);
    const batches = split(rows);
    let etag = base?.etag;
    for (const batch of batches.slice(0, -1)) etag = await this.writeAhead(partitionKey, etag, batch);
    const last = batches.at(-1) ?? [];
    const deletable = old.slice(0, MAX_ROWS - last.length).map(ordinalKey);
    const row: TableRow = { ...sentinel, IsCheckpointComplete: true, partitionKey, rowKey: SENTINEL };
    const etags = await this.table.transact([
      etag === undefined ? { kind: "insert", row } : { kind: "replace", row, etag },
      ...last.map((event): TableOperation => ({ kind: "upsert", row: event })),
      ...deletable.map((rowKey): TableOperation => ({ kind: "delete", partitionKey, rowKey })),
    ]);
    await this.deleteRows(partitionKey, old.slice(deletable.length).map(ordinalKey));
    return etags[0] ?? "";
  }

  /** H2, H3: rows no reader sees yet, under the fence. */
  private async writeAhead(
    partitionKey: string,
    etag: string | undefined,
    rows: readonly TableRow[],
  ): Promise<string> {
    const upserts = rows.map((row): TableOperation => ({ kind: "upsert", row }));
    const incomplete = { IsCheckpointComplete: false, partitionKey, rowKey: SENTINEL };
    const fence: TableOperation =
      etag === undefined
        ? { kind: "insert", row: { ...incomplete, EventCount: 0, FirstOrdinal: 0, LeaseEpoch: 0 } }
        : { kind: "merge", row: incomplete, etag };
    const etags = await this.table.transact([fence, ...upserts]);
    return etags[0] ?? "";
  }

  private async deleteRows(partitionKey: string, rowKeys: readonly string[]): Promise<void> {
    for (let start = 0; start < rowKeys.length; start += 100) {
      const operations = rowKeys
        .slice(start, start + 100)
        .map((rowKey): TableOperation => ({ kind: "delete", partitionKey, rowKey }));
      try {
        await this.table.transact(operations);
      } catch (error) {
        if (!(error instanceof StorageConflict)) throw error; // gone already: the aim is reached
      }
    }
  }

  private async readAll(instanceId: string, select?: readonly string[]): Promise<readonly StoredRow[]> {
    const rows: StoredRow[] = [];
    let continuationToken: string | undefined;
    do {
      const page = await this.table.query({
        filter: `PartitionKey eq ${quote(keyOf(instanceId))}`,
        ...(select ? { select } : {}),
        ...(continuationToken === undefined ? {} : { continuationToken }),
      });
      rows.push(...page.rows);
      continuationToken = page.continuationToken;
    } while (continuationToken !== undefined);
    return rows;
  }
}

function committedOf(row: StoredRow): Committed {
  return {
    etag: row.etag,
    epoch: readNumber(row, "LeaseEpoch"),
    firstOrdinal: readNumber(row, "FirstOrdinal"),
    eventCount: readNumber(row, "EventCount"),
  };
}

function counts(committed: Committed, ordinal: number): boolean {
  return ordinal >= committed.firstOrdinal && ordinal < committed.firstOrdinal + committed.eventCount;
}

function ordinals(committed: Committed): readonly number[] {
  return Array.from({ length: committed.eventCount }, (_, index) => committed.firstOrdinal + index);
}

function claimsOf(rows: readonly StoredRow[]): ReadonlyMap<number, number> {
  return new Map(
    rows.flatMap((row) =>
      typeof row["ClaimEpoch"] === "number" ? [[readNumber(row, "EventId"), row["ClaimEpoch"]] as const] : [],
    ),
  );
}

/** Batches that each fit one transaction, the sentinel included. */
function split(rows: readonly TableRow[]): TableRow[][] {
  const batches: TableRow[][] = [[]];
  let bytes = 0;
  for (const row of rows) {
    const size = sizeOf(row);
    const current = batches.at(-1);
    if (current && (current.length === 0 || (current.length < MAX_ROWS && bytes + size <= MAX_BYTES))) {
      current.push(row);
      bytes += size;
    } else {
      batches.push([row]);
      bytes = size;
    }
  }
  return batches;
}

/** An upper estimate of what a row takes in a transaction: 1 KiB of frame, and its texts escaped. */
function sizeOf(row: TableRow): number {
  return Object.values(row).reduce<number>(
    (sum, value) => sum + (typeof value === "string" ? Buffer.byteLength(JSON.stringify(value)) : 16),
    1024,
  );
}
