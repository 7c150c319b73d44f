import { InstanceAlreadyExistsError, InvalidInstanceStateError, isTerminal } from "@perdure/core";
import type {
  ActivitySource,
  Backend,
  DeadLetter,
  DeadLetterStore,
  HistoryEvent,
  HubDiagnostics,
  InstancePage,
  InstanceQuery,
  InstanceStatus,
  InstanceStore,
  OrchestrationSource,
  RuntimeStatus,
  StartMessage,
  TaskMessage,
} from "@perdure/core";

/** A stored instance with the fields that tests care about. */
export function instance(instanceId: string, fields: Partial<InstanceStatus> = {}): InstanceStatus {
  const status: InstanceStatus = {
    instanceId,
    executionId: "execution-1",
    name: "purchase",
    status: "Running",
    createdAt: Date.UTC(2030, 0, 1),
    lastUpdatedAt: Date.UTC(2030, 0, 2),
  };
  return { ...status, ...fields };
}

/** Keeps instances in a map, records what it is asked, and does nothing on its own. */
class FakeInstances implements InstanceStore {
  readonly statuses = new Map<string, InstanceStatus>();
  readonly histories = new Map<string, readonly HistoryEvent[]>();
  readonly creates: { readonly message: StartMessage; readonly reusable: readonly RuntimeStatus[] }[] = [];
  readonly sent: TaskMessage[] = [];
  readonly queries: InstanceQuery[] = [];
  readonly purges: string[] = [];
  gets = 0;
  /** Whether it knows the status of its instances. */
  knows = false;
  /** Called before every `get`. */
  onGet: () => void = () => {};
  /** Called before every `purge`. */
  onPurge: (instanceId: string) => void | Promise<void> = () => {};
  readonly #listeners = new Set<{ readonly instanceId: string; readonly wake: () => void }>();

  /** Stores instances, and hints at the change when asked to. */
  put(...statuses: readonly InstanceStatus[]): void {
    for (const status of statuses) this.statuses.set(status.instanceId, status);
  }

  hint(instanceId: string): void {
    for (const listener of this.#listeners) if (listener.instanceId === instanceId) listener.wake();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  async create(message: StartMessage, reusable: readonly RuntimeStatus[]): Promise<void> {
    const present = this.statuses.get(message.instanceId);
    if (present && !reusable.includes(present.status)) {
      throw new InstanceAlreadyExistsError(message.instanceId, present.status);
    }
    this.creates.push({ message, reusable });
    const { executionId, name } = message.event;
    this.put(instance(message.instanceId, { executionId, name, status: "Pending" }));
  }

  async send(message: TaskMessage): Promise<void> {
    this.sent.push(message);
  }

  async get(instanceId: string): Promise<InstanceStatus | undefined> {
    this.gets++;
    this.onGet();
    return this.statuses.get(instanceId);
  }

  async getHistory(instanceId: string): Promise<readonly HistoryEvent[]> {
    return this.histories.get(instanceId) ?? [];
  }

  /** By status alone. Pages end, as storage's do, after so many instances looked at; their token is the last one's id. */
  async query(query: InstanceQuery): Promise<InstancePage> {
    this.queries.push(query);
    const all = [...this.statuses.values()].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
    const rest = all.filter(({ instanceId }) => instanceId > (query.continuationToken ?? ""));
    const page = rest.slice(0, query.pageSize);
    const last = page.at(-1);
    return {
      instances: page.filter(({ status }) => query.statuses?.includes(status) ?? true),
      ...(last && rest.length > page.length ? { continuationToken: last.instanceId } : {}),
    };
  }

  async purge(instanceId: string): Promise<boolean> {
    await this.onPurge(instanceId);
    const present = this.statuses.get(instanceId);
    if (present && !isTerminal(present.status)) {
      throw new InvalidInstanceStateError(instanceId, present.status, "it has not finished.");
    }
    if (present) this.purges.push(instanceId);
    return this.statuses.delete(instanceId);
  }

  knownStatus(instanceId: string): RuntimeStatus | undefined {
    return this.knows ? this.statuses.get(instanceId)?.status : undefined;
  }

  waitForChange(instanceId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const listener = {
        instanceId,
        wake: () => {
          this.#listeners.delete(listener);
          resolve();
        },
      };
      this.#listeners.add(listener);
      signal.addEventListener("abort", listener.wake, { once: true });
    });
  }
}

class FakeDeadLetters implements DeadLetterStore {
  readonly letters = new Map<string, DeadLetter>();
  readonly redriven: string[] = [];

  async *list(): AsyncGenerator<DeadLetter, undefined> {
    yield* this.letters.values();
    return undefined;
  }

  async redrive(id: string): Promise<boolean> {
    this.redriven.push(id);
    return this.letters.delete(id);
  }

  async discard(id: string): Promise<boolean> {
    return this.letters.delete(id);
  }
}

/** A backend for clients: no work comes out of it. */
export class FakeBackend implements Backend {
  readonly instances = new FakeInstances();
  readonly deadLetters = new FakeDeadLetters();
  readonly orchestrations: OrchestrationSource = { lockNext: async () => undefined };
  readonly activities: ActivitySource = { lockNext: async () => [] };
  diagnostics?: HubDiagnostics;
  createTaskHub: () => Promise<void> = jest.fn(async () => {});
  readonly deleteTaskHub = async (): Promise<void> => {};
  readonly start = async (): Promise<void> => {};
  readonly stop = async (): Promise<void> => {};
}
