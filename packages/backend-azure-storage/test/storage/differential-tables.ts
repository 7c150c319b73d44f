/**
 * Operations on tables: every kind of write with the right and the wrong ETag, transactions, reads, and queries as this
 * package makes them.
 *
 * - T1 Between two rows that match a filter, a page may end anywhere. After a write, only queries by keys go on at the same
 *   place.
 * - T2 A token says that storage stopped, not that rows follow: only whether they do is compared.
 */
import { odataDate, quote } from "../../src/storage/odata";
import type {
  StoredRow,
  TableOperation,
  TablePage,
  TableQuery,
  TableRow,
  TableStore,
} from "../../src/storage/storage";
import { keysOf } from "../../src/storage/table-transaction";
import { EITHER_REFUSAL, type Operation, type OperationSource, isRefusal } from "./differential-operation";
import type { Random } from "../support/random";
import { PARTITION_KEYS, ROW_KEYS, TIMES, anyText, anyValue, wellFormed } from "./differential-values";
import { type Both, type Side, Words } from "./differential-words";

/** A write with the name of its ETag in the ETag's place. */
interface Write {
  readonly operation: TableOperation;
  /** Name of the ETag to send, or one that no row ever had. */
  readonly etag?: number | "foreign";
}

interface Page {
  readonly rows: readonly StoredRow[];
  readonly continuationToken: string | undefined;
  /** Whether rows follow. T2 */
  readonly more: boolean;
}

interface OpenQuery {
  readonly table: string;
  readonly query: TableQuery;
  /** Name of the token of its last page. */
  readonly token: number;
  /** Writes of the table before that page. */
  readonly writes: number | undefined;
}

const FOREIGN_ETAG = `W/"datetime'2020-01-01T00%3A00%3A00.0000000Z'"`;
const STATUSES = ["Pending", "Running", "Completed", "it's"];
const COLUMNS = ["RuntimeStatus", "Name", "CreatedTime", "Revision", "Text", "Ünï", "_x"];
const TOKENS = "tokens";

export class TableOperations implements OperationSource {
  readonly #etags = new Words();
  /** Names of the ETags that each row has had, in order. */
  readonly #known = new Map<string, number[]>();
  readonly #tokens = new Words();
  /** Writes of each table so far. */
  readonly #writes = new Map<string, number>();
  #open: OpenQuery[] = [];
  readonly #missing: Set<string>;
  readonly #partitions: readonly string[];

  /**
   * @param withEmptyKey Whether one of the partitions has the empty key. Then no query has a page size: the emulator
   * loses the rows after a token that says this key (Azurite 3.35); the service's tokens are never empty.
   */
  constructor(
    private readonly random: Random,
    private readonly names: readonly string[],
    private readonly withEmptyKey: boolean,
  ) {
    this.#missing = new Set(names);
    const partitions = Array.from({ length: 3 }, () => random.pick(PARTITION_KEYS));
    this.#partitions = withEmptyKey ? ["", ...partitions] : partitions;
  }

  next(): Promise<Operation> {
    const { random } = this;
    const table = random.pick(this.names);
    if (this.#missing.has(table) && random.oneIn(4)) return Promise.resolve(this.create(table));
    const draw = random.weighted<() => Operation>([
      [50, () => this.write(table)],
      [30, () => this.transaction(table)],
      [25, () => this.get(table)],
      [20, () => this.query(table)],
      [12, () => this.nextPage() ?? this.query(table)],
      [1, () => (random.oneIn(2) ? this.drop(table) : this.create(table))],
    ]);
    return Promise.resolve(draw());
  }

  private create(table: string): Operation<void> {
    this.#missing.delete(table);
    return {
      kind: "create table",
      text: `${table} create`,
      run: (storage) => storage.table(table).createIfMissing(),
    };
  }

  private drop(table: string): Operation<void> {
    this.#missing.add(table);
    this.#writes.set(table, (this.#writes.get(table) ?? 0) + 1);
    return {
      kind: "delete table",
      text: `${table} delete`,
      run: (storage) => storage.table(table).deleteIfPresent(),
    };
  }

  private get(table: string): Operation<StoredRow | undefined> {
    const [partitionKey, rowKey] = [this.partitionKey(), this.rowKey()];
    return {
      kind: "get",
      text: `${table} get ${shown([partitionKey, rowKey])}`,
      run: (storage) => storage.table(table).get(partitionKey, rowKey),
      view: (row, side) => row && this.viewOfRow(table, row, side),
    };
  }

  private write(table: string): Operation<string> {
    const write = this.drawWrite(table, this.partitionKey(), this.rowKey());
    return {
      kind: write.operation.kind,
      text: `${table} ${shown(write)}`,
      run: (storage, side) => storage.table(table).write(this.asSent(write, side)),
      learn: (etags) => this.learnEtag(table, write.operation, etags),
      view: () => "written",
    };
  }

  private transaction(table: string): Operation<readonly string[]> {
    const { random } = this;
    const partitionKey = this.partitionKey();
    const writes = this.transactionKeys().map((rowKey) => this.drawWrite(table, partitionKey, rowKey));
    const rowKeys = new Set(writes.map(({ operation }) => keysOf(operation).rowKey));
    const stray = random.oneIn(60) ? [this.drawWrite(table, `${partitionKey}x`, "r")] : [];
    const all = [...writes, ...stray];
    return {
      kind: "transaction",
      text: `${table} transaction ${shown(all)}`,
      run: (storage, side) => storage.table(table).transact(all.map((write) => this.asSent(write, side))),
      learn: ({ emulator, model }) => {
        for (const [index, { operation }] of all.entries()) {
          this.learnEtag(table, operation, { emulator: emulator[index] ?? "", model: model[index] ?? "" });
        }
      },
      view: (etags) => etags.map((etag) => etag === ""),
      allows: ({ emulator, model }) =>
        rowKeys.size < writes.length && isRefusal(emulator) && isRefusal(model) ? EITHER_REFUSAL : undefined,
    };
  }

  /** Mostly a few different rows; now and then a hundred, one twice, none, or too many. */
  private transactionKeys(): readonly string[] {
    const { random } = this;
    if (random.oneIn(80)) return numbered(random.pick([100, 100, 99, 101, 0]));
    const most = random.oneIn(4) ? 20 : 5;
    const keys = new Set(Array.from({ length: 1 + random.int(most) }, () => this.rowKey()));
    return random.oneIn(12) ? [...keys, random.pick([...keys])] : [...keys];
  }

  private query(table: string): Operation<Page> {
    const { random } = this;
    const filter = this.filter();
    const query: TableQuery = {
      ...(filter === undefined ? {} : { filter }),
      ...(random.oneIn(3) ? { select: COLUMNS.filter(() => random.oneIn(3)) } : {}),
      ...(!this.withEmptyKey && random.oneIn(2)
        ? { pageSize: random.oneIn(50) ? 1000 : 1 + random.int(12) }
        : {}),
    };
    return this.pageOf(table, query, undefined);
  }

  /** T1 */
  private nextPage(): Operation<Page> | undefined {
    const comparable = this.#open.filter(
      ({ table, query, writes }) => isOfKeys(query) || writes === this.#writes.get(table),
    );
    this.#open = comparable;
    if (comparable.length === 0) return undefined;
    const { table, query, token } = this.random.pick(comparable);
    return this.pageOf(table, query, token);
  }

  private pageOf(table: string, query: TableQuery, token: number | undefined): Operation<Page> {
    return {
      kind: token === undefined ? "query" : "next page",
      text: `${table} query ${shown(query)}${token === undefined ? "" : ` from token #${token}`}`,
      run: async (storage, side) => {
        const continuationToken = token === undefined ? undefined : this.#tokens.wordOf(token, side);
        const page = await storage.table(table).query(from(query, continuationToken));
        const more = await hasRows(storage.table(table), query, page.continuationToken);
        return { rows: page.rows, continuationToken: page.continuationToken, more };
      },
      learn: (pages) => this.keepOpen(table, query, pages),
      view: ({ rows, more }, side) => ({ rows: rows.map((row) => this.viewOfRow(table, row, side)), more }),
    };
  }

  private keepOpen(table: string, query: TableQuery, { emulator, model }: Both<Page>): void {
    const [theirs, ours] = [emulator.continuationToken, model.continuationToken];
    if (!emulator.more || theirs === undefined || ours === undefined) return;
    const token = this.#tokens.learn(TOKENS, { emulator: theirs, model: ours });
    this.#open.push({ table, query, token, writes: this.#writes.get(table) });
    if (this.#open.length > 10) this.#open.shift();
  }

  /** The filters of this package: a partition, a prefix, states, a name, times, and several at once. */
  private filter(): string | undefined {
    const { random } = this;
    const key = this.partitionKey();
    const time = odataDate(random.pick(TIMES));
    const parts = [
      `PartitionKey eq ${quote(key)}`,
      `PartitionKey ge ${quote(key)} and PartitionKey lt ${quote(`${key}\uffff`)}`,
      `(${STATUSES.filter((status) => status === "Running" || random.oneIn(2))
        .map((status) => `RuntimeStatus eq ${quote(status)}`)
        .join(" or ")})`,
      `Name eq ${quote(wellFormed(anyText(random).slice(0, 50)))}`,
      `CreatedTime ge ${time}`,
      `CreatedTime lt ${time}`,
      `Revision ge ${random.int(5)}`,
    ].filter(() => random.oneIn(4));
    return parts.length === 0 ? undefined : parts.join(" and ");
  }

  private drawWrite(table: string, partitionKey: string, rowKey: string): Write {
    const { random } = this;
    const kind = random.pick(["insert", "upsert", "upsert", "replace", "merge", "delete"] as const);
    if (kind === "insert" || kind === "upsert")
      return { operation: { kind, row: this.row(partitionKey, rowKey) } };
    const operation: TableOperation =
      kind === "delete" ? { kind, partitionKey, rowKey } : { kind, row: this.row(partitionKey, rowKey) };
    const known = this.#known.get(rowId(table, partitionKey, rowKey)) ?? [];
    const newest = known.at(-1);
    if (newest === undefined || random.oneIn(3))
      return random.oneIn(8) ? { operation, etag: "foreign" } : { operation };
    return { operation, etag: random.oneIn(12) ? random.pick(known) : newest };
  }

  private row(partitionKey: string, rowKey: string): TableRow {
    const { random } = this;
    const columns: Omit<TableRow, "partitionKey" | "rowKey"> = {
      RuntimeStatus: random.pick(STATUSES),
      Name: anyText(random),
      CreatedTime: new Date(random.pick(TIMES)),
      Revision: random.int(10),
      Text: anyValue(random),
      Ünï: anyValue(random),
      _x: anyValue(random),
    };
    const present = Object.entries(columns).filter(() => random.oneIn(2));
    return { ...Object.fromEntries(present), partitionKey, rowKey };
  }

  private partitionKey(): string {
    return this.random.oneIn(400) ? "half \ud83d" : this.random.pick(this.#partitions);
  }

  private rowKey(): string {
    return this.random.pick(ROW_KEYS);
  }

  private asSent({ operation, etag }: Write, side: Side): TableOperation {
    if (etag === undefined || operation.kind === "insert" || operation.kind === "upsert") return operation;
    return { ...operation, etag: etag === "foreign" ? FOREIGN_ETAG : this.#etags.wordOf(etag, side) };
  }

  private learnEtag(table: string, operation: TableOperation, etags: Both<string>): void {
    this.#writes.set(table, (this.#writes.get(table) ?? 0) + 1);
    if (operation.kind === "delete") return;
    const { partitionKey, rowKey } = operation.row;
    const id = rowId(table, partitionKey, rowKey);
    const name = this.#etags.learn(id, etags);
    this.#known.set(id, [...(this.#known.get(id) ?? []).slice(-5), name]);
  }

  private viewOfRow(table: string, row: StoredRow, side: Side): unknown {
    const id = rowId(table, row.partitionKey, row.rowKey);
    return { ...row, etag: this.#etags.nameOf(id, row.etag, side) };
  }
}

async function hasRows(table: TableStore, query: TableQuery, token: string | undefined): Promise<boolean> {
  for (let next = token; next !== undefined;) {
    const page: TablePage = await table.query(from(query, next));
    if (page.rows.length > 0) return true;
    next = page.continuationToken;
  }
  return false;
}

function from(query: TableQuery, continuationToken: string | undefined): TableQuery {
  return continuationToken === undefined ? query : { ...query, continuationToken };
}

function isOfKeys({ filter = "" }: TableQuery): boolean {
  return !/RuntimeStatus|Name|CreatedTime|Revision/.test(filter);
}

function rowId(table: string, partitionKey: string, rowKey: string): string {
  return [table, partitionKey, rowKey].join("\0");
}

function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `n${n.toString().padStart(3, "0")}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 1500 ? `${text.slice(0, 1500)}…` : text;
}
