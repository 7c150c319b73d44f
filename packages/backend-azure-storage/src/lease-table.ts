/** `{Hub}Partitions`: who owns which control queue, under which epoch, and which epochs ended cleanly. */
import { optional } from "@perdure/core";
import { readJson, readNumber, readText, readTime, timeColumn } from "./columns";
import type { HubNames } from "./names";
import { StorageConflict } from "./storage/storage-errors";
import type { StoredRow, TableOperation, TablePage, TableRow, TableStore } from "./storage/storage";

/** Clean epochs remembered per partition; older ones count as unclean. */
const REMEMBERED_EPOCHS = 200;

export interface LeaseRow {
  readonly partition: number;
  readonly etag: string;
  /** `""` when nobody owns it. */
  readonly owner: string;
  /** Who asked for it; `""` when nobody. */
  readonly nextOwner: string;
  readonly expiresAt: number;
  /** Incremented at every acquisition. */
  readonly epoch: number;
  readonly cleanEpochs: readonly number[];
}

export type LeaseChange = Partial<
  Pick<LeaseRow, "owner" | "nextOwner" | "expiresAt" | "epoch" | "cleanEpochs">
>;

export class LeaseTable {
  constructor(
    private readonly table: TableStore,
    private readonly names: HubNames,
  ) {}

  createIfMissing(): Promise<void> {
    return this.table.createIfMissing();
  }

  deleteIfPresent(): Promise<void> {
    return this.table.deleteIfPresent();
  }

  async readAll(): Promise<readonly LeaseRow[]> {
    const rows: LeaseRow[] = [];
    let continuationToken: string | undefined;
    do {
      const page: TablePage = await this.table.query({
        filter: "PartitionKey eq ''",
        ...optional("continuationToken", continuationToken),
      });
      rows.push(...page.rows.map(leaseRow));
      continuationToken = page.continuationToken;
    } while (continuationToken !== undefined);
    return rows.sort((a, b) => a.partition - b.partition);
  }

  /** Adds the rows of a new hub. Another process may do so at the same time. */
  async create(partitionCount: number): Promise<void> {
    const operations = Array.from({ length: partitionCount }, (_, partition): TableOperation => ({
      kind: "insert",
      row: this.toRow({ partition, owner: "", nextOwner: "", expiresAt: 0, epoch: 0, cleanEpochs: [] }),
    }));
    try {
      await this.table.transact(operations);
    } catch (error) {
      if (!(error instanceof StorageConflict)) throw error; // the other process was first
    }
  }

  /** All changes or none. Resolves with the rows as they are then; `undefined` when one of them changed meanwhile. */
  async update(
    changes: readonly { readonly row: LeaseRow; readonly change: LeaseChange }[],
  ): Promise<readonly LeaseRow[] | undefined> {
    const changed = changes.map(({ row, change }) => ({ ...row, ...change }));
    try {
      const etags = await this.table.transact(
        changed.map((row): TableOperation => ({ kind: "replace", row: this.toRow(row), etag: row.etag })),
      );
      return changed.map((row, index) => ({ ...row, etag: etags[index] ?? "" }));
    } catch (error) {
      if (error instanceof StorageConflict) return undefined;
      throw error;
    }
  }

  private toRow(row: Omit<LeaseRow, "etag">): TableRow {
    return {
      partitionKey: "",
      rowKey: this.names.control(row.partition),
      Partition: row.partition,
      CurrentOwner: row.owner,
      NextOwner: row.nextOwner,
      ExpiresAt: timeColumn(row.expiresAt),
      Epoch: row.epoch,
      CleanEpochs: JSON.stringify(row.cleanEpochs.slice(-REMEMBERED_EPOCHS)),
    };
  }
}

function leaseRow(row: StoredRow): LeaseRow {
  return {
    partition: readNumber(row, "Partition"),
    etag: row.etag,
    owner: readText(row["CurrentOwner"]) ?? "",
    nextOwner: readText(row["NextOwner"]) ?? "",
    expiresAt: readTime(row["ExpiresAt"]) ?? 0,
    epoch: readNumber(row, "Epoch"),
    cleanEpochs: (readJson(row["CleanEpochs"]) ?? []) as readonly number[],
  };
}
