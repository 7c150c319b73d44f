import type {
  HistoryEvent,
  InstancePage,
  InstanceQuery,
  InstanceStatus,
  InstanceStore,
  RuntimeStatus,
  StartMessage,
  TaskMessage,
} from "@perdure/core";
import { observed } from "./operations";
import type { StorageObserver } from "./operations";

/** An instance store whose operations are observed, and whose waits end when waiting has become pointless. */
export class ObservedInstances implements InstanceStore {
  /** @param untilPointless Rejects when nothing can change any more; never settles after `signal` has aborted. */
  constructor(
    private readonly instances: InstanceStore,
    private readonly observer: StorageObserver,
    private readonly untilPointless: (signal: AbortSignal) => Promise<never>,
  ) {}

  create(message: StartMessage, reusable: readonly RuntimeStatus[]): Promise<void> {
    return observed(this.observer, "create", message.instanceId, () =>
      this.instances.create(message, reusable),
    );
  }

  send(message: TaskMessage): Promise<void> {
    return observed(this.observer, "send", message.instanceId, () => this.instances.send(message));
  }

  get(instanceId: string): Promise<InstanceStatus | undefined> {
    return observed(this.observer, "get", instanceId, () => this.instances.get(instanceId));
  }

  getHistory(instanceId: string): Promise<readonly HistoryEvent[]> {
    return observed(this.observer, "getHistory", instanceId, () => this.instances.getHistory(instanceId));
  }

  query(query: InstanceQuery): Promise<InstancePage> {
    return observed(this.observer, "query", undefined, () => this.instances.query(query));
  }

  purge(instanceId: string): Promise<boolean> {
    return observed(this.observer, "purge", instanceId, () => this.instances.purge(instanceId));
  }

  async waitForChange(instanceId: string, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    try {
      await Promise.race([
        this.instances.waitForChange(instanceId, signal),
        this.untilPointless(ended.signal),
      ]);
    } finally {
      ended.abort();
    }
  }

  knownStatus(instanceId: string): RuntimeStatus | undefined {
    return this.instances.knownStatus(instanceId);
  }
}
