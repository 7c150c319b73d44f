import type {
  ActivityMessage,
  ActivitySource,
  ActivityWorkItem,
  Backend,
  Checkpoint,
  DeadLetter,
  DeadLetterStore,
  HistoryEvent,
  InstancePage,
  InstanceQuery,
  InstanceStatus,
  InstanceStore,
  InstanceVersion,
  LoadedInstance,
  OrchestrationSession,
  OrchestrationSource,
  RuntimeStatus,
  StartMessage,
  TaskMessage,
} from "@perdure/core";
import type { RemoteProcess } from "./remote-process";
import type { HostOptions, RemoteItem, RemoteSession } from "./wire";

/** A backend that is in another process. */
export class RemoteBackend implements Backend {
  readonly orchestrations: OrchestrationSource;
  readonly activities: ActivitySource;
  readonly instances: InstanceStore;
  readonly deadLetters: DeadLetterStore;

  constructor(readonly process: RemoteProcess) {
    this.instances = new RemoteInstances(process);
    this.deadLetters = new RemoteDeadLetters(process);
    const versions = new Versions();
    this.orchestrations = {
      lockNext: async (signal) => {
        const session = await process.wait("orchestrations", "lockNext", [], signal);
        return session ? new Session(process, session as RemoteSession, versions) : undefined;
      },
    };
    this.activities = {
      lockNext: async (limit, signal) => {
        const items = await process.wait("activities", "lockNext", [limit], signal);
        return ((items ?? []) as readonly RemoteItem[]).map((item) => new Item(process, item));
      },
    };
  }

  /** Opens the hub and starts. */
  async open(options: HostOptions): Promise<void> {
    await this.process.call("host", "open", options);
  }

  async createTaskHub(): Promise<void> {
    await this.process.call("backend", "createTaskHub");
  }

  async deleteTaskHub(): Promise<void> {
    await this.process.call("backend", "deleteTaskHub");
  }

  async start(): Promise<void> {
    if (!this.process.isDead) await this.process.call("backend", "start");
  }

  async stop(): Promise<void> {
    if (!this.process.isDead) await this.process.call("backend", "stop");
  }
}

/** Objects that stand for versions in the process. */
class Versions {
  readonly #objects = new Map<number, InstanceVersion>();
  readonly #handles = new WeakMap<InstanceVersion, number>();

  objectOf(handle: number): InstanceVersion {
    let version = this.#objects.get(handle);
    if (!version) {
      version = { handle };
      this.#objects.set(handle, version);
      this.#handles.set(version, handle);
    }
    return version;
  }

  handleOf(version: InstanceVersion): number | undefined {
    return this.#handles.get(version);
  }
}

class Session implements OrchestrationSession {
  readonly instanceId: string;
  readonly lost: AbortSignal;
  readonly #handle: number;

  constructor(
    private readonly process: RemoteProcess,
    { handle, instanceId }: RemoteSession,
    private readonly versions: Versions,
  ) {
    this.#handle = handle;
    this.instanceId = instanceId;
    this.lost = process.lost(handle);
  }

  get isLost(): boolean {
    return this.lost.aborted;
  }

  get deliveryCount(): number {
    return Number(this.process.callSync(this.#handle, "deliveryCount") ?? 1);
  }

  get version(): InstanceVersion | undefined {
    const handle = this.process.callSync(this.#handle, "version");
    return typeof handle === "number" ? this.versions.objectOf(handle) : undefined;
  }

  attach(version: InstanceVersion): boolean {
    const handle = this.versions.handleOf(version);
    return handle !== undefined && this.process.callSync(this.#handle, "attach", handle) === true;
  }

  async load(): Promise<LoadedInstance> {
    return (await this.process.call(this.#handle, "load")) as LoadedInstance;
  }

  takeMessages(): readonly TaskMessage[] {
    return (this.process.callSync(this.#handle, "takeMessages") ?? []) as readonly TaskMessage[];
  }

  async waitForMessages(signal = new AbortController().signal): Promise<void> {
    await this.process.wait(this.#handle, "waitForMessages", [], signal);
  }

  async checkpoint(checkpoint: Checkpoint): Promise<void> {
    await this.process.call(this.#handle, "checkpoint", checkpoint);
  }

  async handOver(activities: readonly ActivityMessage[]): Promise<void> {
    await this.process.call(this.#handle, "handOver", activities);
  }

  release(): Promise<void> {
    return this.end("release");
  }

  abandon(retryAt: number, reason: string): Promise<void> {
    return this.end("abandon", retryAt, reason);
  }

  deadLetter(reason: string): Promise<void> {
    return this.end("deadLetter", reason);
  }

  private async end(method: string, ...args: readonly unknown[]): Promise<void> {
    if (!this.process.isDead) await this.process.call(this.#handle, method, ...args);
  }
}

class Item implements ActivityWorkItem {
  readonly message: ActivityMessage;
  readonly deliveryCount: number;
  readonly lost: AbortSignal;
  readonly #handle: number;

  constructor(
    private readonly process: RemoteProcess,
    { handle, message, deliveryCount }: RemoteItem,
  ) {
    this.#handle = handle;
    this.message = message as ActivityMessage;
    this.deliveryCount = deliveryCount;
    this.lost = process.lost(handle);
  }

  async complete(result: TaskMessage): Promise<void> {
    await this.process.call(this.#handle, "complete", result);
  }

  async abandon(retryAt: number, reason: string): Promise<void> {
    if (!this.process.isDead) await this.process.call(this.#handle, "abandon", retryAt, reason);
  }
}

class RemoteInstances implements InstanceStore {
  constructor(private readonly process: RemoteProcess) {}

  async create(message: StartMessage, reusable: readonly RuntimeStatus[]): Promise<void> {
    await this.process.call("instances", "create", message, reusable);
  }

  async send(message: TaskMessage): Promise<void> {
    await this.process.call("instances", "send", message);
  }

  async get(instanceId: string): Promise<InstanceStatus | undefined> {
    return (await this.process.call("instances", "get", instanceId)) as InstanceStatus | undefined;
  }

  async getHistory(instanceId: string): Promise<readonly HistoryEvent[]> {
    return (await this.process.call("instances", "getHistory", instanceId)) as readonly HistoryEvent[];
  }

  async query(query: InstanceQuery): Promise<InstancePage> {
    return (await this.process.call("instances", "query", query)) as InstancePage;
  }

  async purge(instanceId: string): Promise<boolean> {
    return (await this.process.call("instances", "purge", instanceId)) as boolean;
  }

  async waitForChange(instanceId: string, signal: AbortSignal): Promise<void> {
    await this.process.wait("instances", "waitForChange", [instanceId], signal);
  }

  knownStatus(instanceId: string): RuntimeStatus | undefined {
    return this.process.callSync("instances", "knownStatus", instanceId) as RuntimeStatus | undefined;
  }
}

class RemoteDeadLetters implements DeadLetterStore {
  constructor(private readonly process: RemoteProcess) {}

  async *list(): AsyncIterable<DeadLetter> {
    yield* (await this.process.call("deadLetters", "list")) as readonly DeadLetter[];
  }

  async redrive(id: string): Promise<boolean> {
    return (await this.process.call("deadLetters", "redrive", id)) as boolean;
  }

  async discard(id: string): Promise<boolean> {
    return (await this.process.call("deadLetters", "discard", id)) as boolean;
  }
}
