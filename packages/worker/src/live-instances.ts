import type { InstanceVersion, LiveInstance } from "@perdure/core";

export interface CachedInstance {
  readonly instance: LiveInstance;
  readonly version: InstanceVersion;
}

/** Executions kept in memory between sessions, least recently used first out. Losing one costs a replay, no more. */
export class LiveInstances {
  readonly #entries = new Map<string, CachedInstance>();

  constructor(private readonly capacity: number) {}

  /** Takes the entry out: while a session holds the instance it belongs to that session alone. */
  take(instanceId: string): CachedInstance | undefined {
    const entry = this.#entries.get(instanceId);
    this.#entries.delete(instanceId);
    return entry;
  }

  keep(entry: CachedInstance): void {
    this.#entries.set(entry.instance.instanceId, entry);
    if (this.#entries.size <= this.capacity) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
