/** One blob container of the simulated storage. */
import { refusalError } from "../../src/storage/failures";

export class ContainerModel {
  readonly #subject: string;
  readonly #blobs = new Map<string, Uint8Array>();
  #exists = false;

  constructor(name: string) {
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
    this.#blobs.set(name, Uint8Array.from(data));
  }

  get(name: string): Uint8Array | undefined {
    this.assertExists();
    const data = this.#blobs.get(name);
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

  private assertExists(): void {
    if (!this.#exists) throw refusalError(this.#subject, { status: 404, code: "ContainerNotFound" });
  }
}
