/**
 * Azure Storage as a deterministic model in memory: what the service promises and no more, on a clock that a test moves.
 *
 * - M1 A request takes one turn of the microtask queue and no time. It happens at one moment, between the hooks.
 * - M2 Every request passes both hooks, so that a test can count, refuse, lose or hold back each of them.
 * - M3 What a client refuses by itself, a row or message that is too large, is no request.
 * - M4 Names, ids and ETags come from counters: the same calls give the same storage.
 * - M5 Answers bear the time at which the request took effect, cut to seconds, wrong by `dateErrorMs`. Refusals and
 *   answers that get lost tell nothing.
 */
import type { Clock } from "@perdure/core";
import { encodeQueueText } from "../src/storage/queue-text";
import { encodeRow } from "../src/storage/row-codec";
import type { StorageOperation, StorageRequest } from "../src/storage/storage-request";
import type {
  BlobPage,
  BlobStore,
  PeekedMessage,
  QueueStore,
  Receipt,
  ReceivedMessage,
  Storage,
  StoredRow,
  TableOperation,
  TablePage,
  TableQuery,
  TableStore,
  TimeKeeper,
} from "../src/storage/storage";
import { assertWellFormed, keysOf } from "../src/storage/table-transaction";
import { ContainerModel } from "./storage/simulated-container";
import { type QueueMessage, QueueModel } from "./storage/simulated-queue";
import { TableModel, assertSendable } from "./storage/simulated-table";

/** A request as the hooks see it. */
export interface SimulatedRequest extends StorageRequest {
  /** Partition and row key with a slash between, the partition of a transaction, a message's id or a blob's name. */
  readonly key: string;
  /** Counts the requests of this connection, from 1. */
  readonly number: number;
}

/** Called around every request. What it throws, the request throws; while it waits, the request waits. */
export type RequestHook = (request: SimulatedRequest) => void | Promise<void>;

export interface ConnectionHooks {
  /** Nothing has happened yet: to throw or to wait for ever is a request that never arrived. */
  beforeRequest?: RequestHook | undefined;
  /** The request has taken effect: to throw or to wait for ever is an answer that never arrived. */
  afterRequest?: RequestHook | undefined;
}

export interface SimulatedStorageOptions extends ConnectionHooks {
  /** Rows that the service looks at for one page of a query. Small values make empty pages with tokens. */
  readonly rowsScannedPerPage?: number;
}

/** All there is in storage, hidden messages included. Names of what does not exist are absent. */
export interface StorageSnapshot {
  readonly tables: Readonly<Record<string, readonly StoredRow[]>>;
  readonly queues: Readonly<Record<string, readonly QueueMessage[]>>;
  readonly containers: Readonly<Record<string, readonly string[]>>;
}

/** What all connections share. */
class Account {
  readonly clock: Clock;
  readonly rowsScannedPerPage: number;
  readonly tables = new Map<string, TableModel>();
  readonly queues = new Map<string, QueueModel>();
  readonly containers = new Map<string, ContainerModel>();
  #count = 0;

  constructor(clock: Clock, rowsScannedPerPage: number) {
    this.clock = clock;
    this.rowsScannedPerPage = rowsScannedPerPage;
  }

  table(name: string): TableModel {
    return entry(this.tables, name, () => new TableModel(name, () => `W/"${++this.#count}"`));
  }

  queue(name: string): QueueModel {
    return entry(this.queues, name, () => new QueueModel(name, this.clock, () => `id${++this.#count}`));
  }

  container(name: string): ContainerModel {
    return entry(this.containers, name, () => new ContainerModel(name, this.clock));
  }
}

export class SimulatedStorage implements Storage, ConnectionHooks {
  beforeRequest: RequestHook | undefined;
  afterRequest: RequestHook | undefined;
  readonly #account: Account;
  readonly #counts = new Map<StorageOperation, number>();
  /** How far the dates of answers on this connection are wrong. */
  dateErrorMs = 0;
  #keeper: TimeKeeper | undefined;
  #requests = 0;

  constructor(clock: Clock, options: SimulatedStorageOptions = {}, account?: Account) {
    this.#account = account ?? new Account(clock, options.rowsScannedPerPage ?? 1000);
    this.beforeRequest = options.beforeRequest;
    this.afterRequest = options.afterRequest;
  }

  /** Another connection to the same storage, as another process has, with hooks and counts of its own. */
  connect(hooks: ConnectionHooks = {}): SimulatedStorage {
    return new SimulatedStorage(this.#account.clock, hooks, this.#account);
  }

  /** Requests of this connection so far: those that a hook refused, too. */
  get requests(): number {
    return this.#requests;
  }

  requestsOf(operation: StorageOperation): number {
    return this.#counts.get(operation) ?? 0;
  }

  snapshot(): StorageSnapshot {
    const { tables, queues, containers } = this.#account;
    return {
      tables: existing(tables, (table) => table.rows()),
      queues: existing(queues, (queue) => queue.messages()),
      containers: existing(containers, (container) => container.list("")),
    };
  }

  table(name: string): TableStore {
    return new SimulatedTable(
      this.#account.table(name),
      this.sender("table", name),
      this.#account.rowsScannedPerPage,
    );
  }

  queue(name: string): QueueStore {
    return new SimulatedQueue(this.#account.queue(name), this.sender("queue", name));
  }

  container(name: string): BlobStore {
    return new SimulatedContainer(this.#account.container(name), this.sender("blob", name));
  }

  keepTime(keeper: TimeKeeper): void {
    this.#keeper = keeper;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private sender(service: StorageRequest["service"], resource: string): Send {
    return async (operation, key, apply) => {
      await Promise.resolve(); // M1
      this.#counts.set(operation, this.requestsOf(operation) + 1);
      const request: SimulatedRequest = { service, operation, resource, key, number: ++this.#requests };
      const sentAt = this.#keeper?.sent() ?? 0;
      const arrival = this.beforeRequest?.(request);
      if (arrival) await arrival;
      const result = apply();
      const date = Math.floor((this.#account.clock.now() + this.dateErrorMs) / 1000) * 1000;
      const answer = this.afterRequest?.(request);
      if (answer) await answer;
      this.#keeper?.answered(sentAt, date); // M5
      return result;
    };
  }
}

/** Makes one request, which takes effect by `apply`. */
type Send = <T>(operation: StorageOperation, key: string, apply: () => T) => Promise<T>;

class SimulatedTable implements TableStore {
  readonly #table: TableModel;
  readonly #send: Send;
  readonly #rowsScannedPerPage: number;

  constructor(table: TableModel, send: Send, rowsScannedPerPage: number) {
    this.#table = table;
    this.#send = send;
    this.#rowsScannedPerPage = rowsScannedPerPage;
  }

  createIfMissing(): Promise<void> {
    return this.#send("createTable", "", () => this.#table.create());
  }

  deleteIfPresent(): Promise<void> {
    return this.#send("deleteTable", "", () => this.#table.drop());
  }

  get(partitionKey: string, rowKey: string): Promise<StoredRow | undefined> {
    return this.#send("getRow", `${partitionKey}/${rowKey}`, () => this.#table.get(partitionKey, rowKey));
  }

  async query(query: TableQuery): Promise<TablePage> {
    if (query.filter !== undefined) assertWellFormed(query.filter, "A filter"); // M3
    return this.#send("queryRows", "", () => this.#table.query(query, this.#rowsScannedPerPage));
  }

  async write(operation: TableOperation): Promise<string> {
    if (operation.kind !== "delete") encodeRow(operation.row); // M3
    const { partitionKey, rowKey } = keysOf(operation);
    return this.#send("writeRow", `${partitionKey}/${rowKey}`, () => this.#table.write(operation));
  }

  async transact(operations: readonly TableOperation[]): Promise<readonly string[]> {
    assertSendable(operations); // M3
    const [first] = operations;
    const key = first ? keysOf(first).partitionKey : "";
    return this.#send("transaction", key, () => this.#table.transact(operations));
  }
}

class SimulatedQueue implements QueueStore {
  readonly #queue: QueueModel;
  readonly #send: Send;

  constructor(queue: QueueModel, send: Send) {
    this.#queue = queue;
    this.#send = send;
  }

  createIfMissing(): Promise<void> {
    return this.#send("createQueue", "", () => this.#queue.create());
  }

  deleteIfPresent(): Promise<void> {
    return this.#send("deleteQueue", "", () => this.#queue.drop());
  }

  async put(text: string, hiddenSeconds: number): Promise<Receipt> {
    encodeQueueText(text); // M3
    return this.#send("putMessage", "", () => this.#queue.put(text, hiddenSeconds));
  }

  receive(count: number, hiddenSeconds: number): Promise<readonly ReceivedMessage[]> {
    return this.#send("receiveMessages", "", () => this.#queue.receive(count, hiddenSeconds));
  }

  peek(count: number): Promise<readonly PeekedMessage[]> {
    return this.#send("peekMessages", "", () => this.#queue.peek(count));
  }

  count(): Promise<number> {
    return this.#send("countMessages", "", () => this.#queue.count());
  }

  async update(receipt: Receipt, hiddenSeconds: number, text?: string): Promise<Receipt> {
    if (text !== undefined) encodeQueueText(text); // M3
    return this.#send("updateMessage", receipt.messageId, () =>
      this.#queue.update(receipt, hiddenSeconds, text),
    );
  }

  delete(receipt: Receipt): Promise<boolean> {
    return this.#send("deleteMessage", receipt.messageId, () => this.#queue.delete(receipt));
  }
}

class SimulatedContainer implements BlobStore {
  readonly #container: ContainerModel;
  readonly #send: Send;

  constructor(container: ContainerModel, send: Send) {
    this.#container = container;
    this.#send = send;
  }

  createIfMissing(): Promise<void> {
    return this.#send("createContainer", "", () => this.#container.create());
  }

  deleteIfPresent(): Promise<void> {
    return this.#send("deleteContainer", "", () => this.#container.drop());
  }

  put(name: string, data: Uint8Array): Promise<void> {
    return this.#send("putBlob", name, () => this.#container.put(name, data));
  }

  get(name: string): Promise<Uint8Array | undefined> {
    return this.#send("getBlob", name, () => this.#container.get(name));
  }

  delete(name: string): Promise<void> {
    return this.#send("deleteBlob", name, () => this.#container.delete(name));
  }

  page(pageSize: number, continuationToken?: string): Promise<BlobPage> {
    return this.#send("listBlobs", "", () => this.#container.page(pageSize, continuationToken));
  }

  async *list(prefix: string): AsyncIterable<string> {
    yield* await this.#send("listBlobs", "", () => this.#container.list(prefix));
  }
}

function entry<T>(map: Map<string, T>, name: string, create: () => T): T {
  const found = map.get(name) ?? create();
  map.set(name, found);
  return found;
}

function existing<T extends { readonly exists: boolean }, S>(
  map: ReadonlyMap<string, T>,
  view: (value: T) => S,
): Readonly<Record<string, S>> {
  const present = [...map].filter(([, value]) => value.exists).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(present.map(([name, value]) => [name, view(value)]));
}
