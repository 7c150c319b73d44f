/**
 * Entity-group transactions as the table service's multipart bodies. The SDK's own make a client per transaction, take
 * twice the time, do not pass on a delete's ETag, and mistake braces in a key for an error.
 */
import { randomUUID } from "node:crypto";
import { quote } from "./odata";
import { encodeRow } from "./row-codec";
import { StorageRejectedError } from "./storage-errors";
import type { TableOperation } from "./storage";

/** A write as an HTTP request. */
export interface RowRequest {
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the account, encoded, with the leading slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface TransactionBody {
  readonly contentType: string;
  readonly body: string;
}

/** The answer to one operation of a transaction, or to all of it when it failed. */
export interface TransactionPart {
  readonly status: number;
  readonly etag: string;
  /** The part's text, for what it says about a failure. */
  readonly text: string;
}

export const TABLE_HEADERS: Readonly<Record<string, string>> = {
  Accept: "application/json;odata=minimalmetadata",
  DataServiceVersion: "3.0",
};

const MAX_OPERATIONS = 100;
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
const EOL = "\r\n";

export function rowPath(table: string, partitionKey: string, rowKey: string): string {
  return `/${table}(PartitionKey=${key(partitionKey)},RowKey=${key(rowKey)})`;
}

function key(value: string): string {
  assertWellFormed(value, "A key");
  return encodeURIComponent(quote(value)).replaceAll("'", "%27");
}

/** @throws StorageRejectedError when no address can hold a text. @param what Its name in the error. */
export function assertWellFormed(text: string, what: string): void {
  if (/\p{Surrogate}/u.test(text))
    throw new StorageRejectedError(`${what} with half a surrogate pair.`, "OutOfRangeInput");
}

/** The request of one write. Without an ETag the row must exist, in any state, unless it is inserted or upserted. */
export function rowRequest(table: string, operation: TableOperation): RowRequest {
  if (operation.kind === "delete") {
    return {
      method: "DELETE",
      path: rowPath(table, operation.partitionKey, operation.rowKey),
      headers: { ...TABLE_HEADERS, "If-Match": operation.etag ?? "*" },
    };
  }
  const { row } = operation;
  const path = rowPath(table, row.partitionKey, row.rowKey); // refuses keys, an insert's too
  const headers: Record<string, string> = { ...TABLE_HEADERS, "Content-Type": "application/json" };
  const body = encodeRow(row);
  if (operation.kind === "insert") {
    return { method: "POST", path: `/${table}`, headers: { ...headers, Prefer: "return-no-content" }, body };
  }
  if (operation.kind !== "upsert") headers["If-Match"] = operation.etag ?? "*";
  const method = operation.kind === "merge" ? "PATCH" : "PUT";
  return { method, path, headers, body };
}

/** @throws StorageRejectedError unless these are 1 to 100 operations on one partition. */
export function assertOneGroup(operations: readonly TableOperation[]): void {
  if (operations.length < 1 || operations.length > MAX_OPERATIONS) {
    throw new StorageRejectedError(
      `A transaction of ${operations.length} operations: it takes 1 to ${MAX_OPERATIONS}.`,
      "InvalidInput",
    );
  }
  const partitions = new Set(operations.map((operation) => keysOf(operation).partitionKey));
  if (partitions.size > 1) {
    throw new StorageRejectedError(
      "A transaction over more than one partition.",
      "CommandsInBatchActOnDifferentPartitions",
    );
  }
}

/** @throws StorageRejectedError when a transaction's body is larger than the service takes. */
export function assertTransactionSize(bytes: number): void {
  if (bytes <= MAX_TRANSACTION_BYTES) return;
  throw new StorageRejectedError(
    `A transaction of ${bytes} bytes: it takes ${MAX_TRANSACTION_BYTES}.`,
    "RequestBodyTooLarge",
  );
}

/** What row an operation is about. */
export function keysOf(operation: TableOperation): {
  readonly partitionKey: string;
  readonly rowKey: string;
} {
  return operation.kind === "delete" ? operation : operation.row;
}

/** @param url Address of the table service, without a signature. */
export function encodeTransaction(url: string, requests: readonly RowRequest[]): TransactionBody {
  const batch = `batch_${randomUUID()}`;
  const changes = `changeset_${randomUUID()}`;
  const lines = [`--${batch}`, `Content-Type: multipart/mixed; boundary=${changes}`, ""];
  for (const { method, path, headers, body } of requests) {
    lines.push(`--${changes}`, "Content-Type: application/http", "Content-Transfer-Encoding: binary", "");
    lines.push(`${method} ${url}${path} HTTP/1.1`);
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    lines.push("", body ?? "");
  }
  lines.push(`--${changes}--`, `--${batch}--`, "");
  return { contentType: `multipart/mixed; boundary=${batch}`, body: lines.join(EOL) };
}

/** The parts in the order of the operations; a single one when the transaction failed. */
export function decodeTransaction(text: string): readonly TransactionPart[] {
  return text
    .split(/^HTTP\/1\.1 (?=\d{3})/m)
    .slice(1)
    .map((part) => ({
      status: Number(part.slice(0, 3)),
      etag: /^ETag: *(.*?)\r?$/im.exec(part)?.[1] ?? "",
      text: part,
    }));
}
