import type { InstanceVersion, LiveInstance } from "@perdure/core";

export interface CachedInstance {
  readonly instance: LiveInstance;
  readonly version: InstanceVersion;
}

/**
 * Executions kept in memory between sessions, within a number and a weight; least recently used first out. Losing one
 * costs a replay, no more.
 */
export class LiveInstances {
  readonly #entries = new Map<string, CachedInstance & { readonly weight: number }>();
  #weight = 0;

  /** @param maxBytes As `LiveInstance.weight` estimates them. */
  constructor(
    private readonly maxCount: number,
    private readonly maxBytes: number,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  /** Takes the entry out: while a session holds the instance it belongs to that session alone. */
  take(instanceId: string): CachedInstance | undefined {
    const entry = this.#entries.get(instanceId);
    if (!entry) return undefined;
    this.#entries.delete(instanceId);
    this.#weight -= entry.weight;
    return entry;
  }

  keep({ instance, version }: CachedInstance): void {
    const { weight } = instance;
    this.#entries.set(instance.instanceId, { instance, version, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.maxCount && this.#weight <= this.maxBytes) return;
      this.take(oldest);
    }
  }
}
