/** What this package asks of storage, named for counters and for faults injected by tests. */

export type StorageServiceName = "table" | "queue" | "blob";

export type StorageOperation =
  | "createTable"
  | "deleteTable"
  | "getRow"
  | "queryRows"
  | "writeRow"
  | "transaction"
  | "createQueue"
  | "deleteQueue"
  | "putMessage"
  | "receiveMessages"
  | "peekMessages"
  | "countMessages"
  | "updateMessage"
  | "deleteMessage"
  | "createContainer"
  | "deleteContainer"
  | "putBlob"
  | "getBlob"
  | "deleteBlob"
  | "listBlobs";

/** One request to storage: one billed transaction. */
export interface StorageRequest {
  readonly service: StorageServiceName;
  readonly operation: StorageOperation;
  /** Name of the table, queue or container. */
  readonly resource: string;
}

/**
 * Names a request by its method and address.
 *
 * @param path Path below the account, encoded, without the leading slash.
 * @param table Name of the table, which the address of a transaction does not tell.
 */
export function describeRequest(
  service: StorageServiceName,
  method: string,
  path: string,
  query: string,
  table: string,
): StorageRequest {
  if (service === "table") return { service, operation: tableOperation(method, path), resource: table };
  const [resource = "", ...rest] = path.split("/");
  const operation =
    service === "queue" ? queueOperation(method, rest.length, query) : blobOperation(method, query);
  return { service, operation, resource: decodeURIComponent(resource) };
}

function tableOperation(method: string, path: string): StorageOperation {
  if (path === "$batch") return "transaction";
  if (/^Tables\b/.test(path)) return method === "DELETE" ? "deleteTable" : "createTable";
  if (method === "GET") return path.endsWith("()") ? "queryRows" : "getRow";
  return "writeRow";
}

/** @param depth Path segments below the queue: none for the queue, one for its messages, two for a message. */
function queueOperation(method: string, depth: number, query: string): StorageOperation {
  if (depth === 0) {
    if (method === "GET") return "countMessages";
    return method === "DELETE" ? "deleteQueue" : "createQueue";
  }
  if (depth === 1) {
    if (method !== "GET") return "putMessage";
    return query.includes("peekonly") ? "peekMessages" : "receiveMessages";
  }
  return method === "DELETE" ? "deleteMessage" : "updateMessage";
}

function blobOperation(method: string, query: string): StorageOperation {
  if (query.includes("restype=container")) {
    if (method === "GET") return "listBlobs";
    return method === "DELETE" ? "deleteContainer" : "createContainer";
  }
  if (method === "GET") return "getBlob";
  return method === "DELETE" ? "deleteBlob" : "putBlob";
}
