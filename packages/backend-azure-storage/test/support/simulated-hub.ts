import { VirtualClock, silentLogger } from "@perdure/core";
import type { AnyActivity, AnyOrchestration, Clock } from "@perdure/core";
import { Client } from "@perdure/client";
import { Worker } from "@perdure/worker";
import { AzureStorageBackend } from "../../src/backend";
import type { AzureStorageTuning } from "../../src/settings";
import { SimulatedStorage } from "../simulated-storage";
import type { SimulatedRequest } from "../simulated-storage";
import { QueueObserver } from "./counting-storage";
import { InVirtualTime } from "./in-virtual-time";

/** The request waits for what this returns. */
export type OnRequest = (
  process: SimulatedProcess,
  request: SimulatedRequest,
  when: "before" | "after",
) => void | Promise<void>;

const NEVER = new Promise<never>(() => undefined);

/** One process on simulated storage: when it dies, each of its requests under way or to come hangs for good. */
export class SimulatedProcess {
  readonly storage: SimulatedStorage;
  readonly queues = new QueueObserver();
  readonly backend: AzureStorageBackend;
  isDead = false;
  pausedUntil = 0;

  constructor(
    storage: SimulatedStorage,
    private readonly clock: Clock,
    tuning: AzureStorageTuning,
    private readonly onRequest: OnRequest,
  ) {
    const hook =
      (when: "before" | "after") =>
      async (request: SimulatedRequest): Promise<void> => {
        const wait = this.onRequest(this, request, when);
        if (wait) await wait;
        if (this.isDead) await NEVER;
        while (this.pausedUntil > this.clock.now())
          await this.clock.sleep(this.pausedUntil - this.clock.now());
      };
    this.storage = storage.connect({ beforeRequest: hook("before"), afterRequest: hook("after") });
    this.backend = new AzureStorageBackend({
      taskHub: "Simulated",
      storage: this.queues.observe(this.storage),
      ...tuning,
      clock,
    });
  }

  kill(): void {
    this.isDead = true;
  }
}

/** A hub on simulated storage and a virtual clock, with as many processes as a test wants. */
export class SimulatedHub extends InVirtualTime {
  readonly storage = new SimulatedStorage(this.clock);
  onRequest: OnRequest = () => undefined;

  constructor(
    private readonly registrations: {
      readonly orchestrations: readonly AnyOrchestration[];
      readonly activities: readonly AnyActivity[];
    },
    private readonly tuning: AzureStorageTuning = {},
  ) {
    super(new VirtualClock());
  }

  process(): SimulatedProcess {
    return new SimulatedProcess(this.storage, this.clock, this.tuning, (...args) => this.onRequest(...args));
  }

  worker(process: SimulatedProcess): Worker {
    return new Worker(process.backend, { ...this.registrations, clock: this.clock, logger: silentLogger });
  }

  client(process: SimulatedProcess): Client {
    return new Client(process.backend, { clock: this.clock });
  }
}
