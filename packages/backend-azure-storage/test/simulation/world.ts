/** A hub on simulated storage with workers to which things happen, in virtual time. */
import { StorageUnavailableError, silentLogger } from "@perdure/core";
import type { AnyActivity, AnyOrchestration, Clock, VirtualClock } from "@perdure/core";
import { Client } from "@perdure/client";
import { Worker } from "@perdure/worker";
import { AzureStorageBackend } from "../../src/backend";
import type { AzureStorageTuning } from "../../src/settings";
import { SimulatedStorage } from "../simulated-storage";
import type { SimulatedRequest } from "../simulated-storage";
import { InVirtualTime } from "../support/in-virtual-time";
import type { Fault, FaultKind, FaultPlan } from "./faults";

export const TASK_HUB = "Simulated";
const NEVER = new Promise<never>(() => undefined);

/** A process's own clock: it differs from the others' by as much, always. */
class SkewedClock implements Clock {
  constructor(
    private readonly clock: Clock,
    private readonly skewMs: number,
  ) {}

  now(): number {
    return this.clock.now() + this.skewMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return this.clock.sleep(delayMs, signal);
  }
}

export interface WorldOptions {
  readonly tuning: AzureStorageTuning;
  readonly skewMs: () => number;
  /** Rows that the service looks at for one page: few of them truncate every query. */
  readonly rowsScannedPerPage: number;
  readonly registrations: {
    readonly orchestrations: readonly AnyOrchestration[];
    readonly activities: readonly AnyActivity[];
  };
}

export class World extends InVirtualTime {
  readonly storage: SimulatedStorage;
  readonly counts = new Map<FaultKind, number>();
  /** Every request of a worker, and what happened to it: for people. */
  readonly trace: string[] = [];
  /** Numbers of the requests that something happened to. */
  readonly struck: number[] = [];
  requests = 0;
  readonly #workers = new Set<{ readonly worker: Worker; isDead: boolean }>();
  readonly #start: number;
  #faults: FaultPlan | undefined;
  #spawned = 0;

  constructor(
    clock: VirtualClock,
    private readonly options: WorldOptions,
  ) {
    super(clock);
    this.#start = clock.now();
    const { rowsScannedPerPage } = options;
    this.storage = new SimulatedStorage(clock, { rowsScannedPerPage });
  }

  /** A client in a process to which nothing happens. */
  async client(): Promise<Client> {
    const { tuning } = this.options;
    const backend = new AzureStorageBackend({
      taskHub: TASK_HUB,
      storage: this.storage.connect(),
      workerId: "client",
      ...tuning,
      clock: this.clock,
    });
    await this.run(backend.createTaskHub());
    return new Client(backend, { clock: this.clock });
  }

  /** From now on, or no longer. */
  suffer(faults: FaultPlan | undefined): void {
    this.#faults = faults;
  }

  spawn(): void {
    const name = `w${++this.#spawned}`;
    const { registrations, tuning, skewMs } = this.options;
    const clock = new SkewedClock(this.clock, skewMs());
    let pausedUntil = 0;
    let cutOffUntil = 0;
    const entry: { worker: Worker; isDead: boolean } = {
      worker: undefined as unknown as Worker,
      isDead: false,
    };
    const faultOf = new WeakMap<SimulatedRequest, Fault>();

    const hold = async (): Promise<void> => {
      if (entry.isDead) await NEVER;
      while (pausedUntil > this.clock.now()) await this.clock.sleep(pausedUntil - this.clock.now());
      if (entry.isDead) await NEVER;
    };
    const die = async (): Promise<never> => {
      entry.isDead = true;
      this.#workers.delete(entry);
      this.spawn();
      return NEVER;
    };
    const storage = this.storage.connect({
      beforeRequest: async (request) => {
        this.requests++;
        await hold();
        const struck = this.#faults?.next(request);
        const fault = struck?.fault;
        if (struck && fault) {
          faultOf.set(request, fault);
          this.struck.push(struck.number);
          this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
        }
        this.note(name, request, fault, struck?.number);
        if (fault?.kind === "crashBefore") await die();
        if (fault?.kind === "partition") cutOffUntil = this.clock.now() + fault.durationMs;
        if (fault?.kind === "pauseBefore") pausedUntil = this.clock.now() + fault.durationMs;
        await hold();
        if (fault?.kind === "refused" || cutOffUntil > this.clock.now()) throw unavailable("before");
      },
      afterRequest: async (request) => {
        const fault = faultOf.get(request);
        if (fault?.kind === "crashAfter") await die();
        if (fault?.kind === "pauseAfter") pausedUntil = this.clock.now() + fault.durationMs;
        await hold();
        if (fault?.kind === "answerLost") throw unavailable("after");
      },
    });
    const backend = new AzureStorageBackend({
      taskHub: TASK_HUB,
      storage,
      ...tuning,
      workerId: name,
      clock,
    });
    entry.worker = new Worker(backend, {
      ...registrations,
      clock: backend.clock,
      logger: silentLogger,
    });
    this.#workers.add(entry);
    void this.start(entry);
  }

  /** Ends all workers that live, in order. */
  async stop(): Promise<void> {
    await this.run(Promise.all([...this.#workers].map(({ worker }) => worker.stop())));
  }

  private async start(entry: { readonly worker: Worker; readonly isDead: boolean }): Promise<void> {
    while (!entry.isDead) {
      try {
        await entry.worker.start();
        return;
      } catch {
        await this.clock.sleep(1000); // as whoever supervises processes would
      }
    }
  }

  private note(name: string, request: SimulatedRequest, fault: Fault | undefined, number?: number): void {
    const { operation, resource, key } = request;
    const at = ((this.clock.now() - this.#start) / 1000).toFixed(3);
    const what = fault ? `  <- ${fault.kind} (${number}, ${fault.durationMs} ms)` : "";
    this.trace.push(`${at} ${name} ${operation} ${resource} ${key}${what}`);
  }
}

function unavailable(when: string): StorageUnavailableError {
  return new StorageUnavailableError(`simulated: the request failed ${when} it took effect`);
}
