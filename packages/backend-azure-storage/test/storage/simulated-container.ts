/** One blob container of the simulated storage. */
import type { Clock } from "@perdure/core";
import { refusalError } from "../../src/storage/failures";
import type { BlobPage } from "../../src/storage/storage";

export class ContainerModel {
  readonly #subject: string;
  readonly #clock: Clock;
  readonly #blobs = new Map<string, { readonly data: Uint8Array; readonly modifiedAt: number }>();
  #exists = false;

  constructor(name: string, clock: Clock) {
    this.#clock = clock;
    this.#subject = `blob container '${name}'`;
  }

  get exists(): boolean {
    return this.#exists;
  }

  create(): void {
    this.#exists = true;
  }

  drop(): void {
    this.#exists = false;
    this.#blobs.clear();
  }

  put(name: string, data: Uint8Array): void {
    this.assertExists();
    const modifiedAt = Math.floor(this.#clock.now() / 1000) * 1000;
    this.#blobs.set(name, { data: Uint8Array.from(data), modifiedAt });
  }

  get(name: string): Uint8Array | undefined {
    this.assertExists();
    const data = this.#blobs.get(name)?.data;
    return data && Uint8Array.from(data);
  }

  delete(name: string): void {
    this.assertExists();
    this.#blobs.delete(name);
  }

  /** Names in order. */
  list(prefix: string): readonly string[] {
    this.assertExists();
    return [...this.#blobs.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  /** The token is the last name of the page before. */
  page(pageSize: number, continuationToken = ""): BlobPage {
    const names = this.list("").filter((name) => name > continuationToken);
    const blobs = names
      .slice(0, pageSize)
      .map((name) => ({ name, modifiedAt: this.#blobs.get(name)?.modifiedAt ?? 0 }));
    const last = blobs.at(-1)?.name;
    return { blobs, ...(last !== undefined && names.length > pageSize ? { continuationToken: last } : {}) };
  }

  private assertExists(): void {
    if (!this.#exists) throw refusalError(this.#subject, { status: 404, code: "ContainerNotFound" });
  }
}
