/** Storage on an Azure Storage account or its emulator, over the official SDK's clients. */
import type { Pipeline } from "@azure/core-rest-pipeline";
import { AzureNamedKeyCredential, TableClient } from "@azure/data-tables";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient, StorageSharedKeyCredential } from "@azure/storage-queue";
import { type Clock, systemClock } from "@perdure/core";
import { AzureBlobContainer } from "./azure-blob";
import { AzureQueue } from "./azure-queue";
import { AzureTable } from "./azure-table";
import {
  type Endpoint,
  type ResolvedConnection,
  type StorageConnection,
  resolveConnection,
} from "./connection";
import type { Storage, TableOptions, TimeKeeper } from "./storage";
import type { StorageRequest } from "./storage-request";
import { explainingCredential } from "./token-credential";
import { Transport } from "./transport";

export type ConnectOptions = StorageConnection & {
  /** Requests in flight at once; the others wait. Default 64. */
  readonly maxConcurrentRequests?: number;
  /** Time for one try of a request, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Called once for every request sent, repeats included. Must not throw. */
  readonly onRequest?: (request: StorageRequest) => void;
  /** What waits between tries go by. Default: this machine's clock. */
  readonly clock?: Clock;
};

/**
 * Prepares the use of a storage account. Nothing is sent before the first operation.
 *
 * @throws BackendConfigurationError when the options cannot work; it holds no secret.
 */
export function connectStorage(options: ConnectOptions): Storage {
  const connection = resolveConnection(options);
  const transport = new Transport({
    clock: options.clock ?? systemClock,
    maxConcurrentRequests: options.maxConcurrentRequests ?? 64,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    onRequest: options.onRequest,
  });
  return new AzureStorage(connection, transport);
}

/** The SDK shows the pipeline of its queue and blob clients to subclasses only. */
class OpenQueueServiceClient extends QueueServiceClient {
  get corePipeline(): Pipeline {
    return this.storageClientContext.pipeline;
  }
}

class OpenBlobServiceClient extends BlobServiceClient {
  get corePipeline(): Pipeline {
    return this.storageClientContext.pipeline;
  }
}

class AzureStorage implements Storage {
  readonly #connection: ResolvedConnection;
  readonly #transport: Transport;
  readonly #queues: OpenQueueServiceClient;
  readonly #blobs: OpenBlobServiceClient;

  constructor(connection: ResolvedConnection, transport: Transport) {
    this.#connection = connection;
    this.#transport = transport;
    const { signIn, queue, blob } = connection;
    const credential =
      signIn.kind === "key"
        ? new StorageSharedKeyCredential(signIn.accountName, signIn.accountKey)
        : signIn.kind === "token"
          ? explainingCredential(signIn.credential)
          : undefined;
    this.#queues = new OpenQueueServiceClient(signedUrl(queue), credential);
    this.#blobs = new OpenBlobServiceClient(signedUrl(blob), credential);
    transport.attach(this.#queues.corePipeline, "queue", queue);
    transport.attach(this.#blobs.corePipeline, "blob", blob);
  }

  table(name: string, { urgent = false }: TableOptions = {}): AzureTable {
    const { table: endpoint, signIn } = this.#connection;
    const client = newTableClient(endpoint, name, signIn);
    this.#transport.attach(client.pipeline, "table", endpoint, { table: name, urgent });
    return new AzureTable(client, endpoint);
  }

  queue(name: string): AzureQueue {
    return new AzureQueue(
      this.#queues.getQueueClient(name),
      this.#queues.corePipeline,
      this.#connection.queue,
    );
  }

  container(name: string): AzureBlobContainer {
    return new AzureBlobContainer(
      this.#blobs.getContainerClient(name),
      this.#blobs.corePipeline,
      this.#connection.blob,
    );
  }

  keepTime(keeper: TimeKeeper): void {
    this.#transport.keepTime(keeper);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

function newTableClient(endpoint: Endpoint, name: string, signIn: ResolvedConnection["signIn"]): TableClient {
  const options = { allowInsecureConnection: true }; // only a connection string can say http
  switch (signIn.kind) {
    case "key":
      return new TableClient(
        endpoint.url,
        name,
        new AzureNamedKeyCredential(signIn.accountName, signIn.accountKey),
        options,
      );
    case "token":
      return new TableClient(endpoint.url, name, explainingCredential(signIn.credential), options);
    case "sas":
      return new TableClient(signedUrl(endpoint), name, options);
  }
}

function signedUrl(endpoint: Endpoint): string {
  return endpoint.sas === undefined ? endpoint.url : `${endpoint.url}?${endpoint.sas}`;
}
