import { toError } from "@perdure/core";
import type { InstanceState } from "@perdure/core";
import { watchedInstance } from "./watched-instance";
import type { WatchedInstance } from "./watched-instance";

/** Looks at each committed state, in order. Returns true when it has seen enough. */
type Watcher = (instance: WatchedInstance) => boolean;

/** What the instances of a hub have become, told at the moment of each commit. */
export class Watchers {
  readonly #latest = new Map<string, InstanceState>();
  readonly #watching = new Set<Watcher>();

  /** @param onError Called with what a watcher throws; it is not asked again. */
  constructor(private readonly onError: (error: Error) => void) {}

  committed(state: InstanceState): void {
    this.#latest.set(state.instanceId, state);
    for (const watcher of [...this.#watching]) this.show(watcher, state);
  }

  /** The watcher sees what instances are now, then what they become. Returns how to end it. */
  watch(watcher: Watcher): () => void {
    this.#watching.add(watcher);
    for (const state of this.#latest.values()) this.show(watcher, state);
    return () => this.#watching.delete(watcher);
  }

  get latest(): readonly WatchedInstance[] {
    return [...this.#latest.values()].map(watchedInstance);
  }

  private show(watcher: Watcher, state: InstanceState): void {
    if (!this.#watching.has(watcher)) return;
    try {
      if (watcher(watchedInstance(state))) this.#watching.delete(watcher);
    } catch (error) {
      this.#watching.delete(watcher);
      this.onError(toError(error));
    }
  }
}
