/**
 * All writing goes through here. While one transaction is on its way to the disk, the next ones gather; then they are
 * committed together, with one fsync for all. Each sees what those before it have written.
 *
 * - G1 What a write rejects with it throws before it has written anything: the others of its group do not notice.
 * - G2 `onCommitted` runs once the group is on the disk, in the order of the writes, before any promise resolves.
 */
import { DurableError, StorageUnavailableError } from "@perdure/core";
import type { HubFile } from "./hub-file";
import { keys } from "./keys";
import type { Key } from "./keys";

/** What a write can do, within its transaction. */
export interface Transaction {
  readonly file: HubFile;
  /** The row that says who owns a partition, read once per group. */
  claim(partition: number): string | undefined;
  claimPartition(partition: number, claim: string): void;
  put(key: Key, value: string): void;
  remove(key: Key): void;
  /** A number larger than all before, in all processes. */
  nextNumber(): number;
}

interface Job {
  apply(transaction: Transaction): unknown;
  onCommitted(result: never): void;
  resolve(): void;
  reject(error: unknown): void;
  result?: unknown;
  error?: unknown;
}

export class GroupCommit {
  #jobs: Job[] = [];
  #committing: Promise<void> | undefined;
  #scheduled = false;
  #refusal: Error | undefined;

  constructor(private readonly file: HubFile) {}

  /** True while something is not on the disk yet. */
  get isBusy(): boolean {
    return this.#scheduled || this.#jobs.length > 0 || this.#committing !== undefined;
  }

  /**
   * @param apply Checks first and then writes. What it throws rejects the promise.
   * @throws StorageUnavailableError when the disk refuses.
   */
  run<T>(
    apply: (transaction: Transaction) => T,
    onCommitted: (result: T) => void = () => undefined,
  ): Promise<void> {
    if (this.#refusal) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      this.#jobs.push({ apply, onCommitted, resolve, reject });
      this.schedule();
    });
  }

  /** From now on every write is refused; what was asked for and has not begun is dropped. For tests. */
  refuse(refusal: Error): void {
    this.#refusal = refusal;
    for (const job of this.#jobs.splice(0)) job.reject(refusal);
  }

  /** Resolves when all that was asked for until now is done. */
  async idle(): Promise<void> {
    while (this.isBusy) {
      if (this.#committing) await this.#committing;
      else await new Promise(setImmediate);
    }
  }

  /** Whatever else is decided in this turn of the event loop goes along. */
  private schedule(): void {
    if (this.#scheduled || this.#committing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#committing = this.commitAll();
    });
  }

  private async commitAll(): Promise<void> {
    let jobs: readonly Job[] = [];
    try {
      await this.file.transact(() => {
        jobs = this.#jobs; // with those that came while the lock was waited for
        this.#jobs = [];
        this.apply(jobs);
      });
      this.settle(jobs);
    } catch (error) {
      const failure = DurableError.is(error)
        ? error
        : new StorageUnavailableError(`The hub '${this.file.path}' could not be written.`, error);
      for (const job of [...jobs, ...this.#jobs.splice(0)]) job.reject(job.error ?? failure);
    }
    this.#committing = undefined;
    if (this.#jobs.length > 0) this.schedule();
  }

  private apply(jobs: readonly Job[]): void {
    const transaction = new Group(this.file);
    for (const job of jobs) {
      const before = transaction.writes;
      try {
        job.result = job.apply(transaction);
      } catch (error) {
        if (transaction.writes > before) throw error; // G1 broken: nothing of the group may stay
        job.error = error;
      }
    }
    transaction.end();
  }

  private settle(jobs: readonly Job[]): void {
    for (const job of jobs) {
      if (job.error === undefined) job.onCommitted(job.result as never); // G2
    }
    for (const job of jobs) {
      if (job.error === undefined) job.resolve();
      else job.reject(job.error);
    }
  }
}

class Group implements Transaction {
  writes = 0;
  readonly #claims = new Map<number, string | undefined>();
  #number: number | undefined;

  constructor(readonly file: HubFile) {}

  claim(partition: number): string | undefined {
    if (!this.#claims.has(partition)) this.#claims.set(partition, this.file.get(keys.partition(partition)));
    return this.#claims.get(partition);
  }

  claimPartition(partition: number, claim: string): void {
    this.put(keys.partition(partition), claim);
    this.#claims.set(partition, claim);
  }

  put(key: Key, value: string): void {
    this.writes++;
    this.file.put(key, value);
  }

  remove(key: Key): void {
    this.writes++;
    this.file.remove(key);
  }

  nextNumber(): number {
    this.#number ??= Number(this.file.get(keys.sequence) ?? 0);
    return ++this.#number;
  }

  end(): void {
    if (this.#number !== undefined) this.file.put(keys.sequence, String(this.#number));
  }
}
