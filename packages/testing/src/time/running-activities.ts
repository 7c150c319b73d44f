import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "@perdure/core";
import type { Bell } from "./bell";

interface Run {
  readonly label: string;
  /** The process it runs in. */
  readonly owner: object;
  sleeps: number;
}

/**
 * The activities that run now. Those that do real work hold time: it must not skip their reading of a file. Those that
 * sleep on the virtual clock do not.
 */
export class RunningActivities {
  readonly #runs = new Set<Run>();
  readonly #current = new AsyncLocalStorage<Run>();

  constructor(private readonly bell: Bell) {}

  /** What runs and does not sleep, in words. */
  get holding(): readonly string[] {
    return [...this.#runs].flatMap(({ label, sleeps }) => (sleeps === 0 ? [label] : []));
  }

  async run<T>(label: string, owner: object, code: () => T | Promise<T>): Promise<T> {
    const run: Run = { label, owner, sleeps: 0 };
    this.#runs.add(run);
    this.bell.ring();
    try {
      return await this.#current.run(run, code);
    } finally {
      this.#runs.delete(run);
      this.bell.ring();
    }
  }

  /** The process has died: its activities are of no concern any more. */
  forget(owner: object): void {
    for (const run of this.#runs) if (run.owner === owner) this.#runs.delete(run);
    this.bell.ring();
  }

  /** No activity runs any more. On Node 20 an async context that is left behind makes every promise slower. */
  end(): void {
    this.#runs.clear();
    this.#current.disable();
  }

  /** Waits for virtual time, or for something that only virtual time brings about. */
  async asleep<T>(promise: Promise<T>): Promise<T> {
    const run = this.#current.getStore();
    if (!run) return promise;
    run.sleeps++;
    this.bell.ring();
    try {
      return await promise;
    } finally {
      run.sleeps--;
    }
  }

  /** A clock for the code of activities. */
  clock(world: Clock): Clock {
    return {
      now: () => world.now(),
      sleep: (delayMs, signal) => this.asleep(world.sleep(delayMs, signal)),
    };
  }
}
