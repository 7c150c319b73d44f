import type { Pipeline } from "@azure/core-rest-pipeline";
import type { ContainerClient } from "@azure/storage-blob";
import type { Endpoint } from "./connection";
import { isNotCreated, thrownError } from "./failures";
import { ServiceClient } from "./service-client";
import type { BlobPage, BlobStore } from "./storage";

/** One blob container of Azure Storage. */
export class AzureBlobContainer implements BlobStore {
  readonly #client: ContainerClient;
  readonly #service: ServiceClient;
  readonly #subject: string;

  /** @param pipeline The client's own, ending in our transport. */
  constructor(client: ContainerClient, pipeline: Pipeline, endpoint: Endpoint) {
    this.#client = client;
    this.#subject = `blob container '${client.containerName}'`;
    this.#service = new ServiceClient(pipeline, endpoint, this.#subject);
  }

  createIfMissing(): Promise<void> {
    return this.#service.run(() => this.#client.createIfNotExists());
  }

  deleteIfPresent(): Promise<void> {
    return this.#service.run(() => this.#client.deleteIfExists());
  }

  put(name: string, data: Uint8Array): Promise<void> {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return this.#service.run(() => this.#client.getBlockBlobClient(name).upload(bytes, bytes.byteLength));
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    // The SDK's own download to memory asks for the blob's properties first: two requests.
    const path = `/${this.#client.containerName}/${name.split("/").map(encodeURIComponent).join("/")}`;
    const answer = await this.#service.send({ method: "GET", path, binary: true });
    if (answer.ok) return answer.bytes ?? new Uint8Array();
    const refusal = this.#service.refusal(answer);
    if (refusal.status === 404 && !isNotCreated(refusal)) return undefined;
    throw this.#service.refusalError(refusal);
  }

  async delete(name: string): Promise<void> {
    await this.#service.run(() => this.#client.getBlobClient(name).deleteIfExists());
  }

  async page(maxPageSize: number, continuationToken?: string): Promise<BlobPage> {
    try {
      const pages = this.#client
        .listBlobsFlat()
        .byPage({ maxPageSize, ...(continuationToken === undefined ? {} : { continuationToken }) });
      for await (const { segment, continuationToken: next } of pages) {
        return {
          blobs: segment.blobItems.map(({ name, properties }) => ({
            name,
            modifiedAt: properties.lastModified.getTime(),
          })),
          ...(next ? { continuationToken: next } : {}),
        };
      }
      return { blobs: [] };
    } catch (error) {
      throw thrownError(this.#subject, error);
    }
  }

  async *list(prefix: string): AsyncIterable<string> {
    try {
      for await (const { name } of this.#client.listBlobsFlat({ prefix })) yield name;
    } catch (error) {
      throw thrownError(this.#subject, error);
    }
  }
}
