/**
 * The three narrow interfaces through which this backend touches storage: what it needs of Azure Tables, Queues and
 * Blobs and no more, so that a simulated storage can stand in. Implementations translate every failure into the
 * errors of `storage-errors.ts`; nothing above this folder sees an SDK type.
 */

/** A value of a table column. `undefined` columns are not written. Strings: at most 32 Ki UTF-16 units. */
export type ColumnValue = string | number | boolean | Date | undefined;

export type TableRow = Readonly<Record<string, ColumnValue>> & {
  readonly partitionKey: string;
  readonly rowKey: string;
};

/** A row as read, with its ETag. */
export type StoredRow = TableRow & { readonly etag: string };

/**
 * One write. `insert` wants no row there, `upsert` replaces the row or inserts it, `replace` and `merge` and `delete`
 * want a row there, in the state of `etag` if given. `replace` drops columns that the new row lacks, `merge` keeps them.
 * A failed condition is a `StorageConflict`. Rows as read may be written: their `etag` is no column.
 */
export type TableOperation =
  | { readonly kind: "insert"; readonly row: TableRow }
  | { readonly kind: "upsert"; readonly row: TableRow }
  | { readonly kind: "replace"; readonly row: TableRow; readonly etag?: string }
  | { readonly kind: "merge"; readonly row: TableRow; readonly etag?: string }
  | {
      readonly kind: "delete";
      readonly partitionKey: string;
      readonly rowKey: string;
      readonly etag?: string;
    };

export interface TablePage {
  readonly rows: readonly StoredRow[];
  readonly continuationToken?: string;
}

export interface TableQuery {
  /** OData filter text; values by `quote` and `odataDate`. Absent: all rows. */
  readonly filter?: string;
  /** Columns to return; absent: all. `partitionKey` and `rowKey` are always returned. */
  readonly select?: readonly string[];
  /** At most 1000. */
  readonly pageSize?: number;
  readonly continuationToken?: string;
}

/** One table. */
export interface TableStore {
  createIfMissing(): Promise<void>;
  deleteIfPresent(): Promise<void>;
  /** `undefined` when there is no such row. */
  get(partitionKey: string, rowKey: string): Promise<StoredRow | undefined>;
  query(query: TableQuery): Promise<TablePage>;
  /** One operation. Resolves with the row's new ETag, `""` after a delete. */
  write(operation: TableOperation): Promise<string>;
  /** All or nothing: 1 to 100 operations on one partition, at most 4 MiB. Resolves with the new ETags in order. */
  transact(operations: readonly TableOperation[]): Promise<readonly string[]>;
}

/** Names one message for update and delete; a later receipt makes it stale. */
export interface Receipt {
  readonly messageId: string;
  readonly popReceipt: string;
}

export interface ReceivedMessage extends Receipt {
  readonly text: string;
  readonly dequeueCount: number;
  /** Milliseconds since the epoch, whole seconds. */
  readonly insertedOn: number;
}

/** A message that can be seen, looked at without taking it. */
export interface PeekedMessage {
  readonly text: string;
  readonly dequeueCount: number;
  /** Milliseconds since the epoch, whole seconds. */
  readonly insertedOn: number;
}

/** One queue. Messages never expire. */
export interface QueueStore {
  createIfMissing(): Promise<void>;
  deleteIfPresent(): Promise<void>;
  /**
   * Adds a message, hidden for `hiddenSeconds` (whole, 0 to 604800). Any text comes back unchanged, of at most 64 KiB
   * as stored: JSON objects in ASCII as they are, other text possibly a third larger (`queueTextBytes`).
   */
  put(text: string, hiddenSeconds: number): Promise<Receipt>;
  /** Takes up to `count` (1 to 32) visible messages and hides them for `hiddenSeconds`. */
  receive(count: number, hiddenSeconds: number): Promise<readonly ReceivedMessage[]>;
  /** Up to `count` (1 to 32) of the messages that `receive` would take, in its order. Changes nothing. */
  peek(count: number): Promise<readonly PeekedMessage[]>;
  /** How many messages there are, hidden ones too; the service may be a little behind. */
  count(): Promise<number>;
  /** Hides the message anew, counted from now; 0 shows it. Replaces its text if given. Resolves with the new receipt. */
  update(receipt: Receipt, hiddenSeconds: number, text?: string): Promise<Receipt>;
  /** Deletes the message. False when it is gone already or the receipt is stale. */
  delete(receipt: Receipt): Promise<boolean>;
}

export interface BlobPage {
  readonly blobs: readonly {
    readonly name: string;
    /** Milliseconds since the epoch, whole seconds. */
    readonly modifiedAt: number;
  }[];
  readonly continuationToken?: string;
}

/** One blob container. */
export interface BlobStore {
  createIfMissing(): Promise<void>;
  deleteIfPresent(): Promise<void>;
  put(name: string, data: Uint8Array): Promise<void>;
  /** `undefined` when there is no such blob. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Does nothing when there is no such blob. */
  delete(name: string): Promise<void>;
  list(prefix: string): AsyncIterable<string>;
  /** All blobs in order of their names, at most 5000 at a time. */
  page(pageSize: number, continuationToken?: string): Promise<BlobPage>;
}

export interface TableOptions {
  /** Its requests wait for no others of this connection: a lease that is renewed too late is lost. */
  readonly urgent?: boolean;
}

/** Learns the service's time from its answers. */
export interface TimeKeeper {
  /** To be called before a request leaves. */
  sent(): number;
  /**
   * To be called when its answer has come, be it a refusal.
   *
   * @param sentAt What `sent` returned.
   * @param date The service's time in the answer: milliseconds since the epoch, cut to whole seconds.
   */
  answered(sentAt: number, date: number): void;
  /** The service's time now; `undefined` when nothing is known of it. */
  serviceTime(): number | undefined;
}

/** One storage account. */
export interface Storage {
  table(name: string, options?: TableOptions): TableStore;
  queue(name: string): QueueStore;
  container(name: string): BlobStore;
  /** Has somebody keep the service's time by the dates of all answers from now on. Absent where there are none. */
  keepTime?(keeper: TimeKeeper): void;
  /** Ends idle connections. */
  close(): Promise<void>;
}
