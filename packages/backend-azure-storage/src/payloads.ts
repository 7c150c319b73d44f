import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gunzipSync, gzip, gzipSync } from "node:zlib";
import { CorruptStorageError } from "@perdure/core";
import { keyOf } from "./names";
import type { BlobStore } from "./storage/storage";

const gzipOnThread = promisify(gzip);
const gunzipOnThread = promisify(gunzip);

/** Bytes up to which a thread costs more than it takes off this one: a millisecond or two. */
const MAX_SYNC_BYTES = 128 * 1024;

/** UTF-16 units a table column takes; the service's limit is 32 Ki. */
export const MAX_INLINE_CHARS = 30_000;

/**
 * Texts too large for a table column or a queue message, as gzip blobs. Every write makes a blob of its own name, so
 * that two writers of one fact never collide.
 */
export class Payloads {
  constructor(private readonly blobs: BlobStore) {}

  /** Stores `text`; resolves with the blob's name. */
  async put(instanceId: string, label: string, text: string): Promise<string> {
    const name = `${keyOf(instanceId)}/${label}-${randomBytes(8).toString("hex")}.json.gz`;
    await this.blobs.put(name, await compress(Buffer.from(text, "utf8")));
    return name;
  }

  /** @throws CorruptStorageError when the blob is gone or damaged. */
  async get(name: string): Promise<string> {
    const data = await this.blobs.get(name);
    if (!data)
      throw new CorruptStorageError(`The blob '${name}' that a row or message refers to does not exist.`);
    try {
      return (await decompress(data)).toString("utf8");
    } catch (error) {
      throw new CorruptStorageError(`The blob '${name}' is damaged.`, error);
    }
  }

  async delete(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.blobs.delete(name)));
  }

  /** Deletes every blob of one instance, and of no other whose id begins the same. */
  async deleteAll(instanceId: string): Promise<void> {
    for await (const name of this.blobs.list(`${keyOf(instanceId)}/`)) await this.blobs.delete(name);
  }
}

async function compress(text: Buffer): Promise<Buffer> {
  return text.length <= MAX_SYNC_BYTES ? gzipSync(text) : gzipOnThread(text);
}

async function decompress(data: Uint8Array): Promise<Buffer> {
  return sizeOf(data) <= MAX_SYNC_BYTES ? gunzipSync(data) : gunzipOnThread(data);
}

/** The size before compression, modulo 4 GiB, which the last four bytes tell (RFC 1952, 2.3.1). */
function sizeOf(data: Uint8Array): number {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4);
}
