import { silentLogger } from "@perdure/core";
import type { AnyActivity, AnyOrchestration, Clock, DeadLetter } from "@perdure/core";
import type { Client } from "@perdure/client";
import { Worker } from "@perdure/worker";
import type { AzureStorageTuning } from "../../src/settings";
import type { SimulatedRequest } from "../simulated-storage";
import { SimulatedHub, SimulatedProcess } from "../support/simulated-hub";

export interface Code {
  readonly orchestrations?: readonly AnyOrchestration[];
  readonly activities?: readonly AnyActivity[];
}

interface Spawn {
  readonly code?: Code;
  readonly clock?: Clock | undefined;
  readonly process?: SimulatedProcess;
}

export type Moment = "before" | "after";
/** Throws, or has the request wait. */
type Fault = (process: SimulatedProcess, request: SimulatedRequest, when: Moment) => void | Promise<void>;

/** Short times, so that what a dead worker had is taken over within seconds. */
const TUNING: AzureStorageTuning = {
  partitionCount: 1,
  messageVisibility: "4s",
  leaseRenewInterval: "500ms",
  maxPollInterval: "1s",
};

/** Part of what a hub's tables and queues are called. */
export const HISTORY = "SimulatedHistory";
export const INSTANCES = "SimulatedInstances";
export const DEAD_LETTERS = "SimulatedDeadLetters";
export const PARTITIONS = "SimulatedPartitions";
export const CONTROL = "simulated-control-00";
export const WORK_ITEMS = "simulated-workitems";
export const BLOBS = "simulated-largemessages";

/** A simulated hub with a client, workers that come and go, and faults put on chosen requests. */
export class FaultHub {
  readonly hub: SimulatedHub;
  readonly client: Client;
  readonly clientProcess: SimulatedProcess;
  readonly #workers = new Map<SimulatedProcess, Worker>();
  readonly #faults = new Set<Fault>();

  constructor(
    readonly code: Code,
    private readonly tuning: AzureStorageTuning = {},
  ) {
    const { orchestrations = [], activities = [] } = code;
    this.hub = new SimulatedHub({ orchestrations, activities }, { ...TUNING, ...tuning });
    this.hub.onRequest = (...args) => {
      const waits = [...this.#faults].flatMap((fault) => fault(...args) ?? []);
      return waits.length > 0 ? Promise.all(waits).then(() => undefined) : undefined;
    };
    this.clientProcess = this.hub.process();
    this.client = this.hub.client(this.clientProcess);
  }

  static async open(code: Code, tuning?: AzureStorageTuning): Promise<FaultHub> {
    const hub = new FaultHub(code, tuning);
    await hub.run(hub.clientProcess.backend.createTaskHub());
    return hub;
  }

  get now(): number {
    return this.hub.clock.now();
  }

  run<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return this.hub.run(promise, limitMs);
  }

  pass(ms: number): Promise<void> {
    return this.hub.pass(ms);
  }

  /** Starts a worker, in a process of its own unless one is given. */
  spawn({ code = this.code, clock, process = this.process(clock) }: Spawn = {}): SimulatedProcess {
    const worker = new Worker(process.backend, {
      ...code,
      clock: process.backend.clock,
      logger: silentLogger,
    });
    this.#workers.set(process, worker);
    void worker.start();
    return process;
  }

  /** A process without a worker. */
  process(clock?: Clock): SimulatedProcess {
    if (!clock) return this.hub.process();
    return new SimulatedProcess(this.hub.storage, clock, { ...TUNING, ...this.tuning }, this.hub.onRequest);
  }

  async stop(process: SimulatedProcess): Promise<void> {
    const worker = this.#workers.get(process);
    this.#workers.delete(process);
    if (worker && !process.isDead) await this.run(worker.stop());
  }

  async stopAll(): Promise<void> {
    for (const process of [...this.#workers.keys()]) await this.stop(process);
  }

  /** Does something at requests, until told to end. */
  onRequests(fault: Fault): () => void {
    this.#faults.add(fault);
    return () => this.#faults.delete(fault);
  }

  /** Does something at the first request that matches, once. */
  once(
    process: SimulatedProcess,
    when: Moment,
    matches: (request: SimulatedRequest) => boolean,
    action: (request: SimulatedRequest) => void,
  ): void {
    const end = this.onRequests((of, request, moment) => {
      if (of !== process || moment !== when || !matches(request)) return;
      end();
      action(request);
    });
  }

  /** Kills the process at the first request that matches, and starts another in its place. */
  killAt(process: SimulatedProcess, when: Moment, matches: (request: SimulatedRequest) => boolean): void {
    this.once(process, when, matches, () => {
      process.kill();
      this.spawn();
    });
  }

  /** What this process asks of storage from now on. */
  requestsOf(process: SimulatedProcess): readonly SimulatedRequest[] {
    const requests: SimulatedRequest[] = [];
    this.onRequests((of, request, when) => {
      if (of === process && when === "before") requests.push(request);
    });
    return requests;
  }

  /** Lets everything end, stops the workers, and tells what is left in queues. */
  async leftovers(): Promise<readonly string[]> {
    const isEmpty = (): boolean => Object.values(this.queues()).every(({ length }) => length === 0);
    await this.hub.until(isEmpty, 600_000);
    await this.stopAll();
    return Object.values(this.queues())
      .flat()
      .map(({ text }) => text);
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    const read = async (): Promise<void> => {
      for await (const letter of this.client.deadLetters.list()) letters.push(letter);
    };
    await this.run(read());
    return letters;
  }

  /** Instances that are listed as not finished. */
  unfinishedRows(): readonly string[] {
    const rows = (this.rows(INSTANCES) ?? []).filter((row) => !(row["CompletedTime"] instanceof Date));
    return rows.map(({ partitionKey, RuntimeStatus }) => `${partitionKey}: ${String(RuntimeStatus)}`);
  }

  rows(table: string): ReturnType<SimulatedHub["storage"]["snapshot"]>["tables"][string] {
    return this.hub.storage.snapshot().tables[table] ?? [];
  }

  queues(): ReturnType<SimulatedHub["storage"]["snapshot"]>["queues"] {
    return this.hub.storage.snapshot().queues;
  }

  blobs(): readonly string[] {
    return Object.values(this.hub.storage.snapshot().containers).flat();
  }
}

export const isCommit = ({ operation, resource }: SimulatedRequest): boolean =>
  operation === "transaction" && resource === HISTORY;
