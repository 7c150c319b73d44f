import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { BackendConfigurationError, reportSteps } from "@perdure/core";
import type {
  ActivityMessage,
  Backend,
  Clock,
  OrchestrationSession,
  OrchestrationSource,
  TaskMessage,
} from "@perdure/core";
import { Changes } from "./changes";
import { DeadLetters } from "./dead-letters";
import { hideSeconds } from "./delay";
import { AzureDiagnostics } from "./diagnosis/diagnostics";
import { seal } from "./envelope";
import { HistoryTable } from "./history-table";
import { AzureInstanceStore } from "./instance-store";
import { InstanceTable } from "./instance-table";
import { LeaseTable } from "./lease-table";
import { Leases } from "./leases";
import { hubNames, partitionOf } from "./names";
import type { HubNames } from "./names";
import type { AzureSession } from "./orchestration-session";
import { PartitionOwner } from "./partition-owner";
import type { OwnerServices } from "./partition-owner";
import { Payloads } from "./payloads";
import { QueuePuts } from "./queue-puts";
import { ReadyQueue } from "./ready-queue";
import { checkSettings } from "./settings";
import type { AzureStorageTuning, Settings } from "./settings";
import { SkewWatch } from "./skew-watch";
import { sweepStarts } from "./start-sweeper";
import { StorageClock } from "./storage-clock";
import type { ClockSkew } from "./storage-clock";
import { connectStorage } from "./storage/azure-storage";
import type { ConnectOptions } from "./storage/azure-storage";
import type { QueueStore, Storage } from "./storage/storage";
import { WorkItemQueue } from "./work-item-queue";

export type AzureStorageBackendOptions = AzureStorageTuning & {
  /** 3 to 45 letters and digits, a letter first. */
  readonly taskHub: string;
} & (ConnectOptions | { readonly storage: Storage });

interface Running {
  readonly leases: Leases;
  readonly stop: AbortController;
  readonly sweeping: Promise<void>;
  readonly endReport: () => void;
}

/** A task hub in Azure Storage tables, queues and blobs. Wires the parts; the protocol is in them. */
export class AzureStorageBackend implements Backend, OrchestrationSource {
  readonly instances: AzureInstanceStore;
  readonly activities: WorkItemQueue;
  readonly deadLetters: DeadLetters;
  readonly diagnostics: AzureDiagnostics;
  readonly #settings: Settings;
  readonly #localClock: Clock;
  readonly #clock: StorageClock;
  readonly #skewWatch: SkewWatch;
  readonly #names: HubNames;
  readonly #storage: Storage;
  readonly #leaseTable: LeaseTable;
  readonly #history: HistoryTable;
  readonly #instanceTable: InstanceTable;
  readonly #payloads: Payloads;
  readonly #changes = new Changes();
  readonly #ready = new ReadyQueue<AzureSession>();
  readonly #owners = new Map<number, PartitionOwner>();
  readonly #workerId: string;
  readonly #queues = new Map<number, QueueStore>();
  readonly #puts = new Map<number, QueuePuts>();
  #partitionCount: Promise<number> | undefined;
  /** 0 until the hub has been looked at. */
  #knownPartitionCount = 0;
  #running: Running | undefined;
  #starting: Promise<void> | undefined;

  /** @throws BackendConfigurationError for options that cannot work; nothing is contacted yet. */
  constructor(options: AzureStorageBackendOptions) {
    const settings = checkSettings(options);
    this.#localClock = settings.clock;
    this.#skewWatch = new SkewWatch(settings.maxSkewMs, settings.logger);
    this.#clock = new StorageClock(settings.clock, (skew) => {
      if (this.#running) this.#skewWatch.look(skew);
    });
    this.#settings = { ...settings, clock: this.#clock };
    this.#names = hubNames(options.taskHub);
    this.#workerId = options.workerId ?? `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
    this.#storage = "storage" in options ? options.storage : connectStorage(options);
    this.#storage.keepTime?.(this.#clock);
    this.#payloads = new Payloads(this.#storage.container(this.#names.largeMessages));
    this.#leaseTable = new LeaseTable(
      this.#storage.table(this.#names.partitions, { urgent: true }),
      this.#names,
    );
    this.#history = new HistoryTable(this.#storage.table(this.#names.history), this.#payloads);
    this.#instanceTable = new InstanceTable(
      this.#storage.table(this.#names.instances),
      this.#payloads,
      options.taskHub,
    );
    const send = (message: TaskMessage): Promise<void> => this.send(message);
    const sendActivity = (message: ActivityMessage): Promise<void> => this.activities.send(message);
    const shared = { settings: this.#settings, payloads: this.#payloads, send };
    this.deadLetters = new DeadLetters(
      this.#storage.table(this.#names.deadLetters),
      this.#payloads,
      this.#settings.clock,
      { send, sendActivity },
    );
    this.activities = new WorkItemQueue(this.#storage.queue(this.#names.workItems), {
      ...shared,
      deadLetters: this.deadLetters,
    });
    this.instances = new AzureInstanceStore({
      ...shared,
      history: this.#history,
      instances: this.#instanceTable,
      changes: this.#changes,
      knownStatus: (instanceId) => this.ownerOf(instanceId)?.knownStatus(instanceId),
    });
    this.diagnostics = new AzureDiagnostics({
      ...{ ...shared, sendActivity, names: this.#names, storage: this.#storage, leases: this.#leaseTable },
      ...{ history: this.#history, instances: this.#instanceTable, deadLetters: this.deadLetters },
      clockSkew: () => this.clockSkew,
      partitionCount: () => this.partitionCount(),
      controlQueue: (partition) => this.controlQueue(partition),
      createTaskHub: () => this.createTaskHub(),
    });
  }

  get orchestrations(): OrchestrationSource {
    return this;
  }

  /** Storage's time as far as its answers tell, by which this hub's timers go. This machine's before the first answer. */
  get clock(): Clock {
    return this.#clock;
  }

  /** This machine's clock against storage's, from the answers so far; `undefined` before the first. */
  get clockSkew(): ClockSkew | undefined {
    return this.#clock.skew;
  }

  /**
   * @throws StorageUnavailableError, StorageAccessDeniedError
   * @throws BackendConfigurationError when the hub exists with another number of partitions than was asked for.
   */
  async createTaskHub(): Promise<void> {
    const { partitionCount, partitionCountIsExplicit } = this.#settings;
    await Promise.all([
      this.#leaseTable.createIfMissing(),
      ...this.tables().map((table) => table.createIfMissing()),
      this.#storage.queue(this.#names.workItems).createIfMissing(),
      this.#storage.container(this.#names.largeMessages).createIfMissing(),
    ]);
    let rows = await this.#leaseTable.readAll();
    if (rows.length === 0) {
      await this.#leaseTable.create(partitionCount);
      rows = await this.#leaseTable.readAll();
    }
    if (partitionCountIsExplicit && rows.length !== partitionCount) {
      throw new BackendConfigurationError(
        `The task hub has ${rows.length} partitions, the options say ${partitionCount}. The number is fixed when a hub is created: leave partitionCount out, or use a new hub.`,
      );
    }
    await Promise.all(rows.map(({ partition }) => this.controlQueue(partition).createIfMissing()));
    this.#partitionCount = Promise.resolve(rows.length);
    this.#knownPartitionCount = rows.length;
  }

  async deleteTaskHub(): Promise<void> {
    const partitions = Array.from({ length: 16 }, (_, partition) => this.controlQueue(partition));
    await Promise.all([
      ...partitions.map((queue) => queue.deleteIfPresent()),
      ...this.tables().map((table) => table.deleteIfPresent()),
      this.#storage.queue(this.#names.workItems).deleteIfPresent(),
      this.#storage.container(this.#names.largeMessages).deleteIfPresent(),
      this.#leaseTable.deleteIfPresent(),
    ]);
    this.#partitionCount = undefined;
  }

  /** @throws BackendConfigurationError when this machine's clock is further from storage's than the options allow. */
  start(): Promise<void> {
    if (this.#running) return Promise.resolve();
    this.#starting ??= this.begin().finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  private async begin(): Promise<void> {
    if (!this.clockSkew && this.#storage.keepTime) await this.#leaseTable.readAll().catch(() => undefined); // any answer tells the time; without one, it is told later
    this.#skewWatch.assertClose(this.clockSkew);
    const { renewMs, idleRenewMs, clock, logger } = this.#settings;
    const leases: Leases = new Leases(this.#leaseTable, {
      workerId: this.#workerId,
      renewMs,
      idleRenewMs,
      clock,
      logger,
      begin: (row, validUntil) => {
        const owner = new PartitionOwner(
          row,
          validUntil,
          this.controlQueue(row.partition),
          this.ownerServices(row.partition, leases),
        );
        this.#owners.set(row.partition, owner);
        owner.start();
        return owner;
      },
    });
    const stop = new AbortController();
    const sweeping = sweepStarts(
      {
        settings: this.#settings,
        instanceRows: this.#storage.table(this.#names.instances),
        history: this.#history,
        payloads: this.#payloads,
        isResponsible: () => this.#owners.get(0)?.mayCommit() ?? false,
        send: (message) => this.send(message),
      },
      stop.signal,
    );
    const endReport = reportSteps(this.#localClock, logger);
    this.#running = { leases, stop, sweeping, endReport };
    this.activities.start();
    leases.start();
  }

  async stop(): Promise<void> {
    await this.#starting?.catch(() => undefined); // a failed start leaves nothing to stop
    const running = this.#running;
    this.#running = undefined;
    if (running) {
      running.endReport();
      running.stop.abort();
      await Promise.all([running.leases.stop(), this.activities.stop(), running.sweeping]);
      this.#owners.clear();
    }
    await this.#storage.close();
  }

  async lockNext(signal: AbortSignal): Promise<OrchestrationSession | undefined> {
    for (;;) {
      const session = await this.#ready.take(signal);
      if (!session?.hasEnded) return session;
    }
  }

  /** To the instance's partition: by hand when this process owns it, else through its queue. */
  private async send(message: TaskMessage): Promise<void> {
    const partition = partitionOf(message.instanceId, await this.partitionCount());
    if (await this.#owners.get(partition)?.send(message)) return;
    const { clock } = this.#settings;
    const delayMs = (message.visibleAt ?? 0) - clock.now();
    await this.putsTo(partition).run(async () => {
      const { text } = await seal(message, this.#payloads);
      await this.controlQueue(partition).put(text, delayMs > 0 ? hideSeconds(delayMs, this.#settings) : 0);
    });
  }

  /** When it is this process and the number of partitions is known. */
  private ownerOf(instanceId: string): PartitionOwner | undefined {
    if (this.#owners.size === 0 || this.#knownPartitionCount === 0) return undefined;
    return this.#owners.get(partitionOf(instanceId, this.#knownPartitionCount));
  }

  private partitionCount(): Promise<number> {
    this.#partitionCount ??= this.#leaseTable.readAll().then(
      (rows) => rows.length,
      (error: unknown) => {
        this.#partitionCount = undefined;
        throw error;
      },
    );
    return this.#partitionCount;
  }

  private controlQueue(partition: number): QueueStore {
    let queue = this.#queues.get(partition);
    if (!queue) this.#queues.set(partition, (queue = this.#storage.queue(this.#names.control(partition))));
    return queue;
  }

  private putsTo(partition: number): QueuePuts {
    let puts = this.#puts.get(partition);
    if (!puts) this.#puts.set(partition, (puts = new QueuePuts()));
    return puts;
  }

  private tables(): ReturnType<Storage["table"]>[] {
    const { history, instances, deadLetters } = this.#names;
    return [history, instances, deadLetters].map((name) => this.#storage.table(name));
  }

  private ownerServices(partition: number, leases: Leases): OwnerServices {
    return {
      settings: this.#settings,
      history: this.#history,
      instances: this.#instanceTable,
      payloads: this.#payloads,
      deadLetters: this.deadLetters,
      changes: this.#changes,
      ready: this.#ready,
      puts: this.putsTo(partition),
      renewLease: () => leases.renewNow(),
      send: (message) => this.send(message),
      sendActivity: (message) => this.activities.send(message),
    };
  }
}
