import { setTimeout as sleep } from "node:timers/promises";
import { Client, Worker } from "perdure";
import type { Backend, WorkerOptions } from "perdure";
import { openHub } from "./hubs/hub";
import type { Hub } from "./hubs/hub";
import { difference, isPolling, only, sum } from "./hubs/storage-counter";
import type { RequestCounts } from "./hubs/storage-counter";
import type { Setting } from "./setting";

export type Definitions = Pick<WorkerOptions, "orchestrations" | "activities">;

/** Rows are written and messages deleted a little after the result is known. */
const SETTLE_MS = 2000;

/** A fresh hub with a worker and a client in this process, which share one backend object. */
export class Bench {
  #backend: Backend;
  #worker: Worker;
  #client: Client;

  private constructor(
    readonly hub: Hub,
    private readonly definitions: Definitions,
  ) {
    this.#backend = hub.open();
    this.#worker = new Worker(this.#backend, definitions);
    this.#client = new Client(this.#backend);
  }

  /** Gives `work` a fresh hub and removes it afterwards. */
  static async run<T>(
    setting: Setting,
    definitions: Definitions,
    work: (bench: Bench) => Promise<T>,
  ): Promise<T> {
    const hub = await openHub(setting);
    try {
      const bench = new Bench(hub, definitions);
      try {
        await bench.#worker.start();
        return await work(bench);
      } finally {
        await bench.stop();
      }
    } finally {
      await hub.close();
    }
  }

  get client(): Client {
    return this.#client;
  }

  /** Stops worker and backend. */
  async stop(): Promise<void> {
    await this.#worker.stop();
    await this.#backend.stop();
  }

  /** New objects on the same storage, as after a restart of the process. */
  async restart(): Promise<void> {
    await this.stop();
    this.#backend = this.hub.open();
    this.#worker = new Worker(this.#backend, this.definitions);
    this.#client = new Client(this.#backend);
    await this.#worker.start();
  }

  /**
   * Does `work` and counts what is asked of storage for it, if there is storage to ask: every request while it lasts,
   * and all but polling for a while after.
   */
  async counting<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly requests?: RequestCounts }> {
    const { counter } = this.hub;
    if (!counter) return { result: await work() };
    await sleep(SETTLE_MS);
    const before = counter.now();
    const result = await work();
    const during = counter.now();
    await sleep(SETTLE_MS);
    const afterwards = only(difference(counter.now(), during), (kind) => !isPolling(kind));
    return { result, requests: sum(difference(during, before), afterwards) };
  }
}
