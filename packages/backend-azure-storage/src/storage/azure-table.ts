import type { TableClient } from "@azure/data-tables";
import { InvalidArgumentError } from "@perdure/core";
import type { Endpoint } from "./connection";
import { errorCodeOf, errorDetailIn, isNotCreated } from "./failures";
import { type JsonRow, decodeRow } from "./row-codec";
import { type Answer, ServiceClient } from "./service-client";
import type { StoredRow, TableOperation, TablePage, TableQuery, TableStore } from "./storage";
import {
  TABLE_HEADERS,
  assertOneGroup,
  assertTransactionSize,
  assertWellFormed,
  decodeTransaction,
  encodeTransaction,
  rowPath,
  rowRequest,
} from "./table-transaction";

const NEXT_PARTITION = "x-ms-continuation-nextpartitionkey";
const NEXT_ROW = "x-ms-continuation-nextrowkey";

/** One table of Azure Storage. */
export class AzureTable implements TableStore {
  readonly #name: string;
  readonly #client: TableClient;
  readonly #service: ServiceClient;
  readonly #url: string;

  /** @param client A client of this table whose pipeline ends in our transport. */
  constructor(client: TableClient, endpoint: Endpoint) {
    this.#name = client.tableName;
    this.#client = client;
    this.#service = new ServiceClient(client.pipeline, endpoint, `table '${client.tableName}'`);
    this.#url = endpoint.url;
  }

  createIfMissing(): Promise<void> {
    return this.#service.run(() => this.#client.createTable());
  }

  deleteIfPresent(): Promise<void> {
    return this.#service.run(() => this.#client.deleteTable());
  }

  async get(partitionKey: string, rowKey: string): Promise<StoredRow | undefined> {
    const path = rowPath(this.#name, partitionKey, rowKey);
    const answer = await this.#service.send({ method: "GET", path, headers: TABLE_HEADERS });
    if (answer.ok) return decodeRow(JSON.parse(answer.text) as JsonRow, answer.header("etag"));
    const refusal = this.#service.refusal(answer);
    if (refusal.status === 404 && !isNotCreated(refusal)) return undefined;
    throw this.#service.refusalError(refusal);
  }

  async query(query: TableQuery): Promise<TablePage> {
    if (query.filter !== undefined) assertWellFormed(query.filter, "A filter");
    const [nextPartition, nextRow] = decodeToken(query.continuationToken);
    const answer = await this.#service.send({
      method: "GET",
      path: `/${this.#name}()`,
      query: {
        $filter: query.filter,
        $select: query.select && ["PartitionKey", "RowKey", ...query.select].join(","),
        $top: query.pageSize,
        NextPartitionKey: nextPartition,
        NextRowKey: nextRow,
      },
      headers: TABLE_HEADERS,
    });
    if (!answer.ok) throw this.refused(answer);
    const { value } = JSON.parse(answer.text) as { readonly value: readonly JsonRow[] };
    const rows = value.map((row) => decodeRow(row));
    const partition = answer.header(NEXT_PARTITION);
    return partition === undefined
      ? { rows }
      : { rows, continuationToken: encodeToken(partition, answer.header(NEXT_ROW)) };
  }

  async write(operation: TableOperation): Promise<string> {
    const request = rowRequest(this.#name, operation);
    const body = request.body === undefined ? {} : { body: asciiJson(request.body) };
    const answer = await this.#service.send({ ...request, ...body });
    if (!answer.ok) throw this.refused(answer);
    return operation.kind === "delete" ? "" : (answer.header("etag") ?? "");
  }

  async transact(operations: readonly TableOperation[]): Promise<readonly string[]> {
    assertOneGroup(operations);
    const requests = operations.map((operation) => rowRequest(this.#name, operation));
    const { contentType, body } = encodeTransaction(this.#url, requests);
    assertTransactionSize(Buffer.byteLength(body));
    const answer = await this.#service.send({
      method: "POST",
      path: "/$batch",
      headers: { ...TABLE_HEADERS, "Content-Type": contentType },
      body,
    });
    if (!answer.ok) throw this.refused(answer);
    const parts = decodeTransaction(answer.text);
    const failed = parts.find(({ status }) => status >= 400);
    if (failed) {
      throw this.#service.refusalError({
        status: failed.status,
        code: errorCodeOf(undefined, failed.text),
        detail: errorDetailIn(failed.text),
        requestId: answer.header("x-ms-request-id"),
      });
    }
    return operations.map((operation, index) =>
      operation.kind === "delete" ? "" : (parts[index]?.etag ?? ""),
    );
  }

  private refused(answer: Answer): Error {
    return this.#service.refusalError(this.#service.refusal(answer));
  }
}

/**
 * JSON in ASCII. Azurite decodes a body piece by piece and breaks what is longer than a byte and lies on the border of
 * two pieces; transactions it reads as a whole.
 */
function asciiJson(json: string): string {
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function encodeToken(nextPartition: string, nextRow: string | undefined): string {
  return Buffer.from(JSON.stringify([nextPartition, nextRow])).toString("base64url");
}

function decodeToken(token: string | undefined): readonly [string | undefined, string | undefined] {
  if (token === undefined) return [undefined, undefined];
  const keys = parsed(Buffer.from(token, "base64url").toString());
  if (!Array.isArray(keys) || typeof keys[0] !== "string") {
    throw new InvalidArgumentError(
      "The continuation token is not one of this backend. Pass the last page's, unchanged.",
    );
  }
  return [keys[0], typeof keys[1] === "string" ? keys[1] : undefined];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
