import {
  BackendConfigurationError,
  MAX_PAYLOAD_BYTES,
  PayloadLimit,
  StorageUnavailableError,
  Wakeups,
  assertClockIsSet,
  reportSteps,
  silentLogger,
  systemClock,
} from "@perdure/core";
import type {
  ActivitySource,
  Backend,
  Clock,
  DeadLetterStore,
  HubDiagnostics,
  InstanceStore,
  Logger,
  OrchestrationSource,
} from "@perdure/core";
import { EmbeddedDiagnostics } from "./diagnosis/diagnostics";
import { GroupCommit } from "./file/group-commit";
import { HubFile, noHub } from "./file/hub-file";
import { EmbeddedDeadLetters } from "./hub/dead-letters";
import { Engine } from "./hub/engine";
import { EmbeddedInstanceStore } from "./hub/instance-store";
import type { Held } from "./work/held";
import { Mailroom } from "./work/mailroom";
import { Ownership } from "./work/ownership";
import { Post } from "./work/post";
import type { Services } from "./work/services";

export interface EmbeddedBackendOptions {
  /** The file of the task hub, made if need be along with its folder. Two small files are kept beside it. */
  readonly path: string;
  /**
   * In how many parts a new hub is divided, 1 to 256; each has one owner at a time, so no more processes can run
   * orchestrations. Fixed when the hub is created. Default: 16.
   */
  readonly partitionCount?: number;
  /**
   * How long a process that has stopped answering keeps its work, in milliseconds. One that has died on this machine
   * keeps it no longer than until another looks. Default: 15,000.
   */
  readonly lockMs?: number;
  /** Deliveries after which a message goes to the dead letters. Default: 20. */
  readonly maxDeliveryCount?: number;
  /** Longest text that can be stored, in bytes of UTF-8. Default: 64 MiB. */
  readonly maxPayloadBytes?: number;
  /**
   * True: commits are not forced to the disk. The death of a process still loses nothing; the death of the machine
   * loses the last moments and may damage the file. For trials and tests. Default: false.
   */
  readonly relaxedDurability?: boolean;
  /** Told of what failed in the background and is tried again. Default: nobody. */
  readonly logger?: Logger;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** The file, opened, with what works on it. */
interface Opened {
  readonly services: Services;
  readonly ownership: Ownership;
}

/** A task hub in one local file. Several processes of one machine may work on it at a time. */
export class EmbeddedBackend implements Backend {
  readonly orchestrations: OrchestrationSource;
  readonly activities: ActivitySource;
  readonly instances: InstanceStore;
  readonly deadLetters: DeadLetterStore;
  readonly diagnostics: HubDiagnostics;
  readonly #options: EmbeddedBackendOptions;
  readonly #clock: Clock;
  readonly #started = new Wakeups();
  #opened: Opened | undefined;
  #engine: Engine | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #isDead = false;
  #endReport: (() => void) | undefined;

  /** @throws BackendConfigurationError */
  constructor(options: EmbeddedBackendOptions) {
    if (typeof options.path !== "string" || options.path === "")
      throw new BackendConfigurationError("An embedded task hub needs a path: the file to keep it in.");
    assertPositive(options.partitionCount, "partitionCount", 256);
    assertPositive(options.lockMs, "lockMs");
    assertPositive(options.maxDeliveryCount, "maxDeliveryCount");
    assertPositive(options.maxPayloadBytes, "maxPayloadBytes");
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const open = (): Services => this.open().services;
    this.instances = new EmbeddedInstanceStore(open);
    this.deadLetters = new EmbeddedDeadLetters(open);
    this.diagnostics = new EmbeddedDiagnostics(open);
    this.orchestrations = {
      suitableTurns: 1000, // they are committed together
      lockNext: (signal) => this.whenStarted(signal, undefined, (engine) => engine.nextSession(signal)),
    };
    this.activities = {
      lockNext: (limit, signal) =>
        this.whenStarted(signal, [], async (engine) => {
          const items = await engine.nextActivities(limit, signal);
          return items.length > 0 ? items : undefined;
        }),
    };
  }

  async createTaskHub(): Promise<void> {
    await this.open(true).services.file.stamp(this.#options.partitionCount ?? 16);
  }

  async deleteTaskHub(): Promise<void> {
    if (!this.#opened && !HubFile.exists(this.#options.path)) return;
    await this.open().services.file.clear();
    await this.close();
  }

  /** @throws BackendConfigurationError when the machine's clock has not been set since it started. */
  start(): Promise<void> {
    if (this.#engine) return Promise.resolve();
    this.#starting ??= this.begin().finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.end().finally(() => (this.#stopping = undefined));
    return this.#stopping;
  }

  /**
   * Writes a copy of the hub as it is now to another file, without the room that deleted instances have left. Work
   * goes on meanwhile. To shrink a hub, stop its processes and put the copy in its place.
   *
   * @throws StorageUnavailableError when the copy cannot be written, or is there already.
   */
  async backup(target: string): Promise<void> {
    await this.open().services.file.copyTo(target);
  }

  /** True while something is on its way to the disk. */
  get isBusy(): boolean {
    return this.#opened?.services.commits.isBusy ?? false;
  }

  /** Resolves once nothing that has been asked for until now is still on its way to the disk. For tests. */
  async settled(): Promise<void> {
    await this.#opened?.services.commits.idle();
  }

  /**
   * Ends this object as the death of its process would: it takes and renews nothing any more and gives nothing back.
   * For tests.
   */
  async crash(): Promise<void> {
    this.#isDead = true;
    this.#endReport?.();
    const { services } = this.#opened ?? {};
    services?.commits.refuse(new StorageUnavailableError("This backend object has crashed."));
    await this.#engine?.die();
    this.#engine = undefined;
    await this.close();
  }

  private async begin(): Promise<void> {
    await this.#stopping;
    if (this.#isDead) return;
    assertClockIsSet(this.#clock);
    await this.createTaskHub();
    const { services, ownership } = this.open();
    const logger = this.#options.logger ?? silentLogger;
    const engine = new Engine(services, ownership, (what, error) =>
      logger.warn(`${what} failed and will be tried again.`, { error }),
    );
    await engine.start();
    this.#endReport = reportSteps(this.#clock, logger);
    this.#engine = engine;
    this.#started.notify();
  }

  private async end(): Promise<void> {
    await this.#starting?.catch(() => undefined); // a failed start leaves nothing but the open file
    const engine = this.#engine;
    this.#engine = undefined;
    this.#endReport?.();
    await engine?.stop();
    await this.close();
  }

  /** @throws BackendConfigurationError when there is no file and none is to be made. */
  private open(isNew = false): Opened {
    if (this.#isDead) throw new StorageUnavailableError("This backend object has crashed.");
    if (!this.#opened && !isNew && !HubFile.exists(this.#options.path)) throw noHub(this.#options.path);
    return (this.#opened ??= this.openFile());
  }

  private openFile(): Opened {
    const { path, relaxedDurability = false, lockMs = 15_000, maxDeliveryCount = 20 } = this.#options;
    const clock = this.#clock;
    const file = HubFile.open(path, relaxedDurability);
    const mailroom = new Mailroom(file, clock);
    const activityArrivals = new Wakeups();
    const services: Services = {
      file,
      commits: new GroupCommit(file),
      mailroom,
      post: new Post(file, clock, mailroom, activityArrivals, () => ownership.hasOthers),
      clock,
      limit: new PayloadLimit(this.#options.maxPayloadBytes ?? MAX_PAYLOAD_BYTES),
      lockMs,
      maxDeliveryCount,
      activityArrivals,
      held: new Set<Held>(),
    };
    const ownership = new Ownership(services);
    return { services, ownership };
  }

  private async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (!opened) return;
    await opened.services.commits.idle();
    await opened.services.file.close();
  }

  /** Waits until work may be taken; `otherwise` when `signal` aborts first. */
  private async whenStarted<T>(
    signal: AbortSignal,
    otherwise: T,
    take: (engine: Engine) => Promise<T | undefined>,
  ): Promise<T> {
    while (!signal.aborted) {
      const taken = this.#engine && (await take(this.#engine));
      if (taken !== undefined) return taken;
      if (!this.#engine || this.#engine.ended.aborted) await this.#started.wait([signal]);
    }
    return otherwise;
  }
}

function assertPositive(value: number | undefined, what: string, most = Number.MAX_SAFE_INTEGER): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) return;
  const limit = most === Number.MAX_SAFE_INTEGER ? "or more" : `to ${most}`;
  throw new BackendConfigurationError(`${what} is ${value}: give a whole number of 1 ${limit}.`);
}
