import type { RuntimeStatus } from "@perdure/core";
import type { Committed } from "./history-table";
import type { LeaseRow } from "./lease-table";

/** Instances whose last commit is remembered; workers keep fewer in memory. */
const MAX_LATEST = 20_000;

/** What one ownership knows of the commits in its partition: the last of each instance, and which need repair. */
export class KnownCommits {
  readonly epoch: number;
  readonly #cleanEpochs: ReadonlySet<number>;
  readonly #dirty = new Set<string>();
  /** No ETag when it is only known that a start is on its way. */
  readonly #latest = new Map<string, { readonly etag?: string; readonly status: RuntimeStatus }>();

  constructor({ epoch, cleanEpochs }: LeaseRow) {
    this.epoch = epoch;
    this.#cleanEpochs = new Set(cleanEpochs);
  }

  /** Nothing waits for repair: the epoch can end cleanly. */
  get isClean(): boolean {
    return this.#dirty.size === 0;
  }

  note(instanceId: string, latest: { readonly etag?: string; readonly status: RuntimeStatus }): void {
    this.#latest.delete(instanceId);
    this.#latest.set(instanceId, latest);
    if (this.#latest.size <= MAX_LATEST) return;
    const [oldest] = this.#latest.keys();
    if (oldest !== undefined) this.#latest.delete(oldest);
  }

  /** A hint: what others do to instances that have ended is not seen. */
  statusOf(instanceId: string): RuntimeStatus | undefined {
    return this.#latest.get(instanceId)?.status;
  }

  /** False also when it is not known: then storage is read. */
  isLatest(instanceId: string, etag: string): boolean {
    return !this.isDirty(instanceId) && this.#latest.get(instanceId)?.etag === etag;
  }

  isDirty(instanceId: string): boolean {
    return this.#dirty.has(instanceId);
  }

  markDirty(instanceId: string): void {
    this.#dirty.add(instanceId);
  }

  repaired(instanceId: string): void {
    this.#dirty.delete(instanceId);
  }

  /**
   * Whether the last outbox of an instance may not be out. Once repaired it is out, although nothing says so in storage:
   * two instances that have ended and told each other would else wake each other for ever.
   */
  needsRepair(instanceId: string, { epoch, etag }: Committed): boolean {
    if (this.isDirty(instanceId)) return true;
    if (epoch === this.epoch || this.#latest.get(instanceId)?.etag === etag) return false;
    return !this.#cleanEpochs.has(epoch);
  }

  /** Whether nobody waits any more for an activity claimed in `epoch`. Asked only of instances that need repair. */
  isDeadClaim(epoch: number): boolean {
    return !this.#cleanEpochs.has(epoch);
  }
}
