import { atOnce, InstanceAlreadyExistsError, InvalidInstanceStateError, isTerminal } from "@perdure/core";
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
import { frozenCopy } from "./frozen-copy";
import { pageOf } from "./query";
import type { Services } from "./services";

export class MemoryInstanceStore implements InstanceStore {
  constructor(private readonly services: Services) {}

  create(message: StartMessage, reusable: readonly RuntimeStatus[]): Promise<void> {
    return this.step(({ store, clock, limit }) => {
      const { instanceId } = message;
      limit.check(message, instanceId);
      const status = store.find(instanceId)?.status?.status;
      if (status && !reusable.includes(status)) throw new InstanceAlreadyExistsError(instanceId, status);
      const record = store.open(instanceId);
      if (record.pending) record.mailbox.delete(new Set([record.pending.id]));
      record.pending = frozenCopy(message);
      store.deliver(message, clock.now());
      store.changed(instanceId);
    });
  }

  send(message: TaskMessage): Promise<void> {
    return this.step(({ store, clock, limit }) => {
      limit.check(message, message.instanceId);
      store.deliver(message, clock.now());
    });
  }

  get(instanceId: string): Promise<InstanceStatus | undefined> {
    return this.step(({ store }) => store.find(instanceId)?.status);
  }

  getHistory(instanceId: string): Promise<readonly HistoryEvent[]> {
    return this.step(({ store }) => {
      const record = store.find(instanceId);
      return !record || record.pending ? [] : record.history;
    });
  }

  query(query: InstanceQuery): Promise<InstancePage> {
    return this.step(({ store }) => {
      const statuses = [...store.instances].flatMap(({ status }) => status ?? []);
      return pageOf(statuses, query);
    });
  }

  purge(instanceId: string): Promise<boolean> {
    return this.step(({ store }) => {
      const record = store.find(instanceId);
      const status = record?.status?.status;
      if (!record || !status) return false;
      if (!isTerminal(status)) {
        throw new InvalidInstanceStateError(instanceId, status, "only a finished instance can be purged.");
      }
      store.delete(record);
      return true;
    });
  }

  /** All backends of a store tell each other. */
  knownStatus(instanceId: string): RuntimeStatus | undefined {
    return this.services.store.find(instanceId)?.status?.status;
  }

  waitForChange(instanceId: string, signal: AbortSignal): Promise<void> {
    return this.services.store.waitForChange(instanceId, signal);
  }

  private step<T>(action: (services: Services) => T): Promise<T> {
    return atOnce(() => {
      this.services.lifetime.assertAlive();
      return action(this.services);
    });
  }
}
