/** One table of the simulated storage: rows in memory, with the service's limits and conditions. */
import { InvalidArgumentError } from "@perdure/core";
import { refusalError } from "../../src/storage/failures";
import { type JsonRow, decodeRow, encodeRow } from "../../src/storage/row-codec";
import type { StoredRow, TableOperation, TablePage, TableQuery, TableRow } from "../../src/storage/storage";
import { assertOneGroup, assertTransactionSize, keysOf } from "../../src/storage/table-transaction";
import { type ParsedFilter, parseFilter } from "./odata-filter";

const MAX_PAGE = 1000;
const MAX_KEY_LENGTH = 512;
const MAX_ROW_BYTES = 1024 * 1024;
const MAX_COLUMNS = 252;
/** Roughly what the parts of a transaction's body take besides the rows. */
const PART_OVERHEAD_BYTES = 500;

type Partition = Map<string, StoredRow>;

/** What a write will do, checked but not done. */
type Change = { readonly row: StoredRow } | { readonly deleted: { partitionKey: string; rowKey: string } };

export class TableModel {
  readonly #subject: string;
  readonly #nextEtag: () => string;
  readonly #partitions = new Map<string, Partition>();
  #exists = false;

  /** @param nextEtag Makes an ETag that was never used before. */
  constructor(name: string, nextEtag: () => string) {
    this.#subject = `table '${name}'`;
    this.#nextEtag = nextEtag;
  }

  get exists(): boolean {
    return this.#exists;
  }

  create(): void {
    this.#exists = true;
  }

  drop(): void {
    this.#exists = false;
    this.#partitions.clear();
  }

  /** All rows in key order. */
  rows(): readonly StoredRow[] {
    return sortedKeys(this.#partitions).flatMap((partitionKey) => this.partitionRows(partitionKey));
  }

  get(partitionKey: string, rowKey: string): StoredRow | undefined {
    this.assertExists();
    this.assertKey(partitionKey);
    this.assertKey(rowKey);
    return this.find(partitionKey, rowKey);
  }

  /** @param scanLimit Rows looked at for one page. A page can end by it without a match. */
  query(query: TableQuery, scanLimit: number): TablePage {
    this.assertExists();
    const pageSize = query.pageSize ?? MAX_PAGE;
    if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE) this.refuse(400, "InvalidInput");
    const filter = this.parse(query.filter);
    const from = decodeToken(query.continuationToken);
    const candidates = this.candidates(filter).filter((row) => !from || compareKeys(row, from) >= 0);

    const rows: StoredRow[] = [];
    let scanned = 0;
    for (const row of candidates) {
      if (rows.length === pageSize || scanned === scanLimit)
        return { rows, continuationToken: encodeToken(row) };
      scanned++;
      if (filter.matches(row)) rows.push(select(row, query.select));
    }
    return { rows };
  }

  write(operation: TableOperation): string {
    this.assertExists();
    return this.apply(this.check(operation));
  }

  transact(operations: readonly TableOperation[]): readonly string[] {
    this.assertExists();
    const keys = new Set(operations.map((operation) => keysOf(operation).rowKey));
    if (keys.size < operations.length) this.refuse(400, "InvalidDuplicateRow");
    const changes = operations.map((operation) => this.check(operation));
    return changes.map((change) => this.apply(change));
  }

  private check(operation: TableOperation): Change {
    const { partitionKey, rowKey } = keysOf(operation);
    this.assertKey(partitionKey);
    this.assertKey(rowKey);
    const stored = this.find(partitionKey, rowKey);
    if (operation.kind === "insert" && stored) this.refuse(409, "EntityAlreadyExists");
    if (operation.kind !== "insert" && operation.kind !== "upsert")
      this.assertMatches(stored, operation.etag);
    if (operation.kind === "delete") return { deleted: { partitionKey, rowKey } };
    const columns = canonical(operation.row);
    const row = { ...(operation.kind === "merge" ? stored : undefined), ...columns, etag: this.#nextEtag() };
    this.assertRow(row);
    return { row };
  }

  private apply(change: Change): string {
    if ("deleted" in change) {
      const { partitionKey, rowKey } = change.deleted;
      const partition = this.#partitions.get(partitionKey);
      partition?.delete(rowKey);
      if (partition?.size === 0) this.#partitions.delete(partitionKey);
      return "";
    }
    const { row } = change;
    const partition = this.#partitions.get(row.partitionKey) ?? new Map<string, StoredRow>();
    this.#partitions.set(row.partitionKey, partition.set(row.rowKey, row));
    return row.etag;
  }

  private find(partitionKey: string, rowKey: string): StoredRow | undefined {
    return this.#partitions.get(partitionKey)?.get(rowKey);
  }

  private candidates(filter: ParsedFilter): readonly StoredRow[] {
    return filter.partitionKey === undefined ? this.rows() : this.partitionRows(filter.partitionKey);
  }

  private partitionRows(partitionKey: string): readonly StoredRow[] {
    const partition: Partition = this.#partitions.get(partitionKey) ?? new Map();
    return sortedKeys(partition).map((rowKey) => partition.get(rowKey) as StoredRow);
  }

  private parse(filter: string | undefined): ParsedFilter {
    if (filter === undefined) return { matches: () => true };
    try {
      return parseFilter(filter);
    } catch (error) {
      if (error instanceof SyntaxError) this.refuse(400, "InvalidInput", error.message);
      throw error;
    }
  }

  private assertMatches(stored: StoredRow | undefined, etag: string | undefined): void {
    if (!stored) this.refuse(404, "ResourceNotFound");
    else if (etag !== undefined && etag !== "*" && etag !== stored.etag)
      this.refuse(412, "UpdateConditionNotSatisfied");
  }

  private assertKey(key: string): void {
    if (key.length > MAX_KEY_LENGTH) this.refuse(400, "KeyValueTooLarge");
    // eslint-disable-next-line no-control-regex -- these are the characters that the service refuses
    if (/[/\\#?\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u.test(key)) this.refuse(400, "OutOfRangeInput");
  }

  private assertRow(row: StoredRow): void {
    const columns = Object.entries(row).filter(
      ([name]) => !["partitionKey", "rowKey", "etag"].includes(name),
    );
    if (columns.length > MAX_COLUMNS) this.refuse(400, "TooManyProperties");
    for (const [name] of columns) {
      if (!/^[\p{L}_][\p{L}\p{N}_]{0,254}$/u.test(name)) this.refuse(400, "PropertyNameInvalid", name);
    }
    const keyBytes = 4 + 2 * (row.partitionKey.length + row.rowKey.length);
    const bytes = columns.reduce(
      (sum, [name, value]) => sum + 8 + 2 * name.length + valueBytes(value),
      keyBytes,
    );
    if (bytes > MAX_ROW_BYTES) this.refuse(400, "EntityTooLarge");
  }

  private assertExists(): void {
    if (!this.#exists) this.refuse(404, "TableNotFound");
  }

  private refuse(status: number, code: string, detail?: string): never {
    throw refusalError(this.#subject, { status, code, detail });
  }
}

/** What a client checks before it sends. */
export function assertSendable(operations: readonly TableOperation[]): void {
  assertOneGroup(operations);
  const bodies = operations.map((operation) => (operation.kind === "delete" ? "" : encodeRow(operation.row)));
  assertTransactionSize(bodies.reduce((sum, body) => sum + Buffer.byteLength(body) + PART_OVERHEAD_BYTES, 0));
}

/** The row as it comes back: what is written and read as JSON. */
function canonical(row: TableRow): StoredRow {
  return decodeRow(JSON.parse(encodeRow(row)) as JsonRow);
}

function select(row: StoredRow, columns: readonly string[] | undefined): StoredRow {
  if (!columns) return { ...row };
  const { partitionKey, rowKey, etag } = row;
  const selected = columns.filter((name) => name in row).map((name) => [name, row[name]]);
  return { ...Object.fromEntries(selected), partitionKey, rowKey, etag };
}

function valueBytes(value: unknown): number {
  if (typeof value === "string") return 4 + 2 * value.length;
  return typeof value === "boolean" ? 1 : 8;
}

type Keys = Pick<TableRow, "partitionKey" | "rowKey">;

function compareKeys(a: Keys, b: Keys): number {
  return ordinal(a.partitionKey, b.partitionKey) || ordinal(a.rowKey, b.rowKey);
}

function ordinal(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sortedKeys(map: ReadonlyMap<string, unknown>): readonly string[] {
  return [...map.keys()].sort(ordinal);
}

function encodeToken({ partitionKey, rowKey }: StoredRow): string {
  return JSON.stringify([partitionKey, rowKey]);
}

function decodeToken(token: string | undefined): Keys | undefined {
  if (token === undefined) return undefined;
  const match = /^\["(?:[^"\\]|\\.)*","(?:[^"\\]|\\.)*"\]$/.exec(token);
  if (!match) throw new InvalidArgumentError("The continuation token is not one of this storage.");
  const [partitionKey, rowKey] = JSON.parse(token) as [string, string];
  return { partitionKey, rowKey };
}
