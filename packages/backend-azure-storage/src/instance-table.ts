/** `{Hub}Instances`: a row per instance for listing. Written by clients at creation, later a projection of history. */
import type { InstancePage, InstanceQuery, InstanceState, InstanceStatus, StartMessage } from "@perdure/core";
import { isTerminal, optional, startsLater } from "@perdure/core";
import { jsonColumn, readText, readTime, restoreLongTexts, spillLongTexts, timeColumn } from "./columns";
import type { Columns } from "./columns";
import { keyOf } from "./names";
import type { Payloads } from "./payloads";
import { projectionColumns, statusOf } from "./state-rows";
import { odataDate, quote } from "./storage/odata";
import type { StoredRow, TableRow, TableStore } from "./storage/storage";
import { StorageConflict } from "./storage/storage-errors";

/** Columns whose text is small by nature, or needed to say how an instance stands. */
const SMALL_COLUMNS = ["BlockedReason", "ParentInstance", "Tags", "CustomStatus", "FailureDetails"];

export class InstanceTable {
  constructor(
    private readonly table: TableStore,
    private readonly payloads: Payloads,
    private readonly taskHub: string,
  ) {}

  get(instanceId: string): Promise<StoredRow | undefined> {
    return this.table.get(keyOf(instanceId), "");
  }

  /** Inserts the row of a start, or puts it in place of the row with ETag `replaced`. @throws StorageConflict */
  async create(message: StartMessage, replaced: string | undefined): Promise<void> {
    const row = await this.rowOf(message.instanceId, startColumns(message, this.taskHub));
    await this.table.write(
      replaced === undefined ? { kind: "insert", row } : { kind: "replace", row, etag: replaced },
    );
  }

  /**
   * Writes what is visible of a committed state. The row of a child is made by its first projection.
   *
   * An owner that was paused may write long after another one has gone on: a state that is not final is written only
   * over an older one. A final state is written as it is, for one request less; what follows a rewind corrects it.
   *
   * @param revision Grows with every commit of the instance.
   */
  async project(state: InstanceState, input: string | undefined, revision: number): Promise<void> {
    const columns = { ...projectionColumns(state, input, this.taskHub), Revision: revision };
    const row = await this.rowOf(state.instanceId, columns);
    if (isTerminal(state.status)) await this.writeFinal(state, row);
    else await this.writeOverOlder(state, row, revision);
  }

  private async writeFinal(state: InstanceState, row: TableRow): Promise<void> {
    try {
      await this.table.write({ kind: "merge", row });
    } catch (error) {
      if (!(error instanceof StorageConflict)) throw error;
      if (isFirstSeenHere(state)) await this.table.write({ kind: "upsert", row }); // others were purged
    }
  }

  private async writeOverOlder(state: InstanceState, row: TableRow, revision: number): Promise<void> {
    const present = await this.get(state.instanceId);
    if (present ? isNewer(present, state, revision) : !isFirstSeenHere(state)) return;
    try {
      await this.table.write(present ? { kind: "merge", row, etag: present.etag } : { kind: "insert", row });
    } catch (error) {
      if (!(error instanceof StorageConflict)) throw error; // somebody wrote a newer state meanwhile
    }
  }

  /** Deletes the row while it is that of the instance created as `row` was. */
  async delete(row: StoredRow): Promise<void> {
    const { partitionKey, rowKey } = row;
    for (
      let present: StoredRow | undefined = row;
      present;
      present = await this.table.get(partitionKey, rowKey)
    ) {
      if (present["StartExecutionId"] !== row["StartExecutionId"]) return;
      try {
        await this.table.write({ kind: "delete", partitionKey, rowKey, etag: present.etag });
        return;
      } catch (error) {
        if (!(error instanceof StorageConflict)) throw error; // a projection came in between: look again
      }
    }
  }

  async status(row: StoredRow): Promise<InstanceStatus> {
    return statusOf(await restoreLongTexts(row, this.payloads));
  }

  async query(query: InstanceQuery): Promise<InstancePage> {
    const page = await this.table.query({
      ...optional("filter", filterOf(query)),
      pageSize: query.pageSize,
      ...optional("continuationToken", query.continuationToken),
    });
    const only = query.includePayloads ? undefined : SMALL_COLUMNS;
    const instances = await Promise.all(
      page.rows
        .filter((row) => hasTags(row, query.tags) && hasTimerBefore(row, query.nextTimerBefore))
        .map(async (row) =>
          withoutPayloads(statusOf(await restoreLongTexts(row, this.payloads, only)), query),
        ),
    );
    return { instances, ...optional("continuationToken", page.continuationToken) };
  }

  private async rowOf(
    instanceId: string,
    columns: Columns,
  ): Promise<Columns & { partitionKey: string; rowKey: string }> {
    const short = await spillLongTexts(columns, this.payloads, instanceId, "instance", []);
    return { ...short, partitionKey: keyOf(instanceId), rowKey: "" };
  }
}

/** What the start of an instance can be rebuilt from, should its message be lost. */
export async function startOf(row: StoredRow, payloads: Payloads): Promise<StartMessage | undefined> {
  const status = statusOf(await restoreLongTexts(row, payloads));
  const id = readText(row["StartMessageId"]);
  if (id === undefined) return undefined;
  const { instanceId, executionId, name, createdAt } = status;
  return {
    id,
    instanceId,
    event: {
      type: "ExecutionStarted",
      timestamp: createdAt,
      executionId,
      name,
      ...optional("version", status.version),
      ...optional("input", status.input),
      ...optional("tags", status.tags),
      ...optional("scheduledStartTime", status.scheduledStartTime),
    },
  };
}

/** Whether no client has made a row at its creation, because an instance started it. */
function isFirstSeenHere({ parent, startedBy }: InstanceState): boolean {
  return parent !== undefined || startedBy !== undefined;
}

function isNewer(row: StoredRow, state: InstanceState, revision: number): boolean {
  return Number(row["Revision"] ?? -1) >= revision || (readTime(row["CreatedTime"]) ?? 0) > state.createdAt;
}

function startColumns({ id, event }: StartMessage, taskHub: string): Columns {
  return {
    ExecutionId: event.executionId,
    StartExecutionId: event.executionId,
    StartMessageId: id,
    Name: event.name,
    Version: event.version,
    RuntimeStatus: "Pending",
    Input: event.input,
    Tags: jsonColumn(event.tags),
    CreatedTime: timeColumn(event.timestamp),
    LastUpdatedTime: timeColumn(event.timestamp),
    ScheduledStartTime: timeColumn(event.scheduledStartTime),
    NextTimerTime: startsLater(event) ? timeColumn(event.scheduledStartTime) : undefined,
    TaskHubName: taskHub,
  };
}

function filterOf(query: InstanceQuery): string | undefined {
  const { statuses, instanceIdPrefix, name, createdFrom, createdTo, nextTimerBefore } = query;
  const parts: string[] = [];
  if (instanceIdPrefix !== undefined && instanceIdPrefix !== "") {
    const from = keyOf(instanceIdPrefix);
    parts.push(`PartitionKey ge ${quote(from)}`, `PartitionKey lt ${quote(from + "\uffff")}`);
  }
  if (statuses && statuses.length > 0) {
    parts.push(`(${statuses.map((status) => `RuntimeStatus eq ${quote(status)}`).join(" or ")})`);
  }
  if (name !== undefined) parts.push(`Name eq ${quote(name)}`);
  if (createdFrom !== undefined) parts.push(`CreatedTime ge ${odataDate(createdFrom)}`);
  if (createdTo !== undefined) parts.push(`CreatedTime lt ${odataDate(createdTo)}`);
  if (nextTimerBefore !== undefined) parts.push(`NextTimerTime lt ${odataDate(nextTimerBefore)}`);
  return parts.length > 0 ? parts.join(" and ") : undefined;
}

/** Services differ in how they compare a time with the empty text of a timer that is no more. */
function hasTimerBefore(row: StoredRow, before: number | undefined): boolean {
  return before === undefined || (readTime(row["NextTimerTime"]) ?? Number.POSITIVE_INFINITY) < before;
}

/** Tags are JSON in one column: no filter of the service can look inside. */
function hasTags(row: StoredRow, tags: InstanceQuery["tags"]): boolean {
  if (!tags) return true;
  const own = statusOf(row).tags ?? {};
  return Object.entries(tags).every(([tag, value]) => own[tag] === value);
}

function withoutPayloads(status: InstanceStatus, query: InstanceQuery): InstanceStatus {
  if (query.includePayloads) return status;
  const { input: _input, output: _output, ...rest } = status;
  return rest;
}
