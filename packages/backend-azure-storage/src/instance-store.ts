import { InstanceAlreadyExistsError, InvalidInstanceStateError, isTerminal } from "@perdure/core";
import type {
  HistoryEvent,
  InstancePage,
  InstanceQuery,
  InstanceState,
  InstanceStatus,
  InstanceStore,
  RuntimeStatus,
  StartMessage,
  TaskMessage,
} from "@perdure/core";
import type { Changes } from "./changes";
import { readTime } from "./columns";
import type { HistoryTable } from "./history-table";
import type { InstanceTable } from "./instance-table";
import type { Payloads } from "./payloads";
import type { Settings } from "./settings";
import { StorageConflict } from "./storage/storage-errors";
import type { StoredRow } from "./storage/storage";

export interface InstanceStoreServices {
  readonly settings: Settings;
  readonly history: HistoryTable;
  readonly instances: InstanceTable;
  readonly payloads: Payloads;
  readonly changes: Changes;
  send(message: TaskMessage): Promise<void>;
  /** What the owner of the instance's partition knows, when it is this process. */
  knownStatus(instanceId: string): RuntimeStatus | undefined;
}

/** The client's side of a hub: rows first, then messages; truth from the sentinel, listings from the projection. */
export class AzureInstanceStore implements InstanceStore {
  constructor(private readonly services: InstanceStoreServices) {}

  async create(message: StartMessage, reusable: readonly RuntimeStatus[]): Promise<void> {
    const { instances, settings } = this.services;
    settings.payloadLimit.check(message, message.instanceId);
    try {
      await instances.create(message, undefined);
    } catch (error) {
      if (!(error instanceof StorageConflict)) throw error;
      await this.replace(message, reusable);
    }
    await this.services.send(message);
  }

  async send(message: TaskMessage): Promise<void> {
    this.services.settings.payloadLimit.check(message, message.instanceId);
    await this.services.send(message);
  }

  async get(instanceId: string): Promise<InstanceStatus | undefined> {
    return (await this.look(instanceId)).status;
  }

  /** The status, and the row that it was judged by. */
  private async look(
    instanceId: string,
  ): Promise<{ readonly row: StoredRow | undefined; readonly status: InstanceStatus | undefined }> {
    const { history, instances } = this.services;
    const [row, current] = await Promise.all([instances.get(instanceId), history.readState(instanceId)]);
    return { row, status: await this.judge(instanceId, row, current) };
  }

  private async judge(
    instanceId: string,
    row: StoredRow | undefined,
    current: Awaited<ReturnType<HistoryTable["readState"]>>,
  ): Promise<InstanceStatus | undefined> {
    const { history, instances } = this.services;
    if (!row && !current) return undefined;
    if (!current || (row && !isCurrent(current.state, row))) return row && instances.status(row);
    const isShown = row?.["ExecutionId"] === current.state.executionId;
    const input = isShown
      ? (await instances.status(row)).input
      : await history.readInput(instanceId, current.committed);
    return statusOfState(current.state, input);
  }

  async getHistory(instanceId: string): Promise<readonly HistoryEvent[]> {
    const { history, instances } = this.services;
    const [row, stored] = await Promise.all([instances.get(instanceId), history.load(instanceId)]);
    return stored && "events" in stored && (!row || isCurrent(stored.state, row)) ? stored.events : [];
  }

  query(query: InstanceQuery): Promise<InstancePage> {
    return this.services.instances.query(query);
  }

  async purge(instanceId: string): Promise<boolean> {
    const { history, instances, payloads } = this.services;
    const [{ row, status }, sentinel] = await Promise.all([
      this.look(instanceId),
      history.readSentinel(instanceId),
    ]);
    if (!status) return false;
    if (!isTerminal(status.status)) {
      throw new InvalidInstanceStateError(
        instanceId,
        status.status,
        "only finished instances can be purged; terminate it first.",
      );
    }
    try {
      if (sentinel) await history.purge(instanceId, sentinel.committed.etag);
      await payloads.deleteAll(instanceId);
      if (row) await instances.delete(row);
    } catch (error) {
      if (error instanceof StorageConflict) return false; // purged or created anew by somebody else meanwhile
      throw error;
    }
    return true;
  }

  knownStatus(instanceId: string): RuntimeStatus | undefined {
    return this.services.knownStatus(instanceId);
  }

  waitForChange(instanceId: string, signal: AbortSignal): Promise<void> {
    return this.services.changes.wait(instanceId, signal);
  }

  /** Takes the place of an instance that may be replaced. */
  private async replace(message: StartMessage, reusable: readonly RuntimeStatus[]): Promise<void> {
    const { instances } = this.services;
    const { instanceId } = message;
    const { row, status } = await this.look(instanceId);
    if (status && !reusable.includes(status.status))
      throw new InstanceAlreadyExistsError(instanceId, status.status);
    try {
      await instances.create(message, row?.etag);
    } catch (error) {
      if (error instanceof StorageConflict) throw new InstanceAlreadyExistsError(instanceId, "Pending");
      throw error;
    }
  }
}

/** Whether the sentinel speaks of the instance the row speaks of, or of a later one; a newer row is a start to come. */
function isCurrent(state: InstanceState, row: StoredRow): boolean {
  return (
    state.startExecutionId === row["StartExecutionId"] ||
    state.createdAt > (readTime(row["CreatedTime"]) ?? 0)
  );
}

function statusOfState(state: InstanceState, input: string | undefined): InstanceStatus {
  const { recentMessageIds: _ids, carriedOutbox: _outbox, startExecutionId: _start, ...status } = state;
  return { ...status, ...(input === undefined ? {} : { input }) };
}
