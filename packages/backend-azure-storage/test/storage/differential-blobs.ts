/** Operations on blob containers. */
import type { Operation, OperationSource } from "./differential-operation";
import type { Random } from "../support/random";
import { BLOB_NAMES, wellFormed } from "./differential-values";

export class BlobOperations implements OperationSource {
  readonly #missing: Set<string>;

  constructor(
    private readonly random: Random,
    private readonly names: readonly string[],
  ) {
    this.#missing = new Set(names);
  }

  next(): Promise<Operation> {
    const { random } = this;
    const container = random.pick(this.names);
    if (this.#missing.has(container) && random.oneIn(4)) return Promise.resolve(this.create(container));
    const draw = random.weighted<() => Operation>([
      [30, () => this.put(container)],
      [30, () => this.get(container)],
      [15, () => this.delete(container)],
      [15, () => this.list(container)],
      [1, () => (random.oneIn(2) ? this.drop(container) : this.create(container))],
    ]);
    return Promise.resolve(draw());
  }

  private create(container: string): Operation<void> {
    this.#missing.delete(container);
    return {
      kind: "create container",
      text: `${container} create`,
      run: (storage) => storage.container(container).createIfMissing(),
    };
  }

  private drop(container: string): Operation<void> {
    this.#missing.add(container);
    return {
      kind: "delete container",
      text: `${container} delete`,
      run: (storage) => storage.container(container).deleteIfPresent(),
    };
  }

  private put(container: string): Operation<void> {
    const { random } = this;
    const name = random.pick(BLOB_NAMES);
    const length = random.oneIn(20) ? random.int(200_000) : random.int(50);
    const data = Uint8Array.from({ length }, () => random.int(256));
    return {
      kind: "put blob",
      text: `${container} put ${JSON.stringify(name)} of ${length} bytes`,
      run: (storage) => storage.container(container).put(name, data),
    };
  }

  private get(container: string): Operation<Uint8Array | undefined> {
    const name = this.random.pick(BLOB_NAMES);
    return {
      kind: "get blob",
      text: `${container} get ${JSON.stringify(name)}`,
      run: (storage) => storage.container(container).get(name),
    };
  }

  private delete(container: string): Operation<void> {
    const name = this.random.pick(BLOB_NAMES);
    return {
      kind: "delete blob",
      text: `${container} delete ${JSON.stringify(name)}`,
      run: (storage) => storage.container(container).delete(name),
    };
  }

  private list(container: string): Operation<readonly string[]> {
    const name = this.random.pick(BLOB_NAMES);
    const prefix = wellFormed(name.slice(0, this.random.int(name.length + 1)));
    return {
      kind: "list blobs",
      text: `${container} list ${JSON.stringify(prefix)}`,
      run: async (storage) => {
        const names: string[] = [];
        for await (const each of storage.container(container).list(prefix)) names.push(each);
        return names;
      },
    };
  }
}
