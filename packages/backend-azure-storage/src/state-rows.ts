/** An instance's state as the sentinel row of its history, and as its row in the instance table. */
import type { InstanceState, InstanceStatus, RuntimeStatus } from "@perdure/core";
import { jsonColumn, readJson, readText, readTime, timeColumn } from "./columns";
import type { Columns } from "./columns";
import { instanceIdOf } from "./names";
import type { ColumnValue, TableRow } from "./storage/storage";

/** The columns both rows share. */
function sharedColumns(state: InstanceState): Columns {
  return {
    ExecutionId: state.executionId,
    StartExecutionId: state.startExecutionId,
    Name: state.name,
    Version: state.version,
    RuntimeStatus: state.status,
    CreatedTime: timeColumn(state.createdAt),
    LastUpdatedTime: timeColumn(state.lastUpdatedAt),
    CompletedTime: timeColumn(state.completedAt),
    ScheduledStartTime: timeColumn(state.scheduledStartTime),
    CustomStatus: state.customStatus,
    Output: state.output,
    FailureDetails: jsonColumn(state.failure),
    BlockedReason: jsonColumn(state.blocked),
    ParentInstance: jsonColumn(state.parent),
    Tags: jsonColumn(state.tags),
    StartedBy: state.startedBy,
    Notify: jsonColumn(state.notify),
    NextTimerTime: timeColumn(state.nextTimerAt),
  };
}

export function sentinelColumns(state: InstanceState): Columns {
  return {
    ...sharedColumns(state),
    RecentMessageIds: state.recentMessageIds.length > 0 ? jsonColumn(state.recentMessageIds) : undefined,
    CarriedOutbox: jsonColumn(state.carriedOutbox),
    AwaitedEvents: jsonColumn(state.awaitedEvents),
  };
}

/** Columns that may have held a value before: the row is merged, so what is gone must be written as empty. */
const CLEARED: Columns = {
  ...blank("CustomStatus"),
  ...blank("Output"),
  ...blank("FailureDetails"),
  ...blank("BlockedReason"),
  CompletedTime: "",
  NextTimerTime: "",
};

function blank(column: string): Columns {
  return { [column]: "", [`${column}BlobName`]: "" };
}

/** `input` is written when known: at the start of a generation. */
export function projectionColumns(state: InstanceState, input: string | undefined, taskHub: string): Columns {
  const known = Object.entries(sharedColumns(state)).filter(([, value]) => value !== undefined);
  return {
    ...CLEARED,
    ...Object.fromEntries(known),
    ...(input === undefined ? {} : { InputBlobName: "", Input: input }),
    TaskHubName: taskHub,
  };
}

export function stateOf(row: TableRow): InstanceState {
  const { input: _input, ...status } = statusOf(row);
  const carriedOutbox = readJson(row["CarriedOutbox"]) as InstanceState["carriedOutbox"];
  return {
    ...status,
    startExecutionId: readText(row["StartExecutionId"]) ?? status.executionId,
    recentMessageIds: (readJson(row["RecentMessageIds"]) ?? []) as readonly string[],
    ...(carriedOutbox ? { carriedOutbox } : {}),
  };
}

export function statusOf(row: TableRow): InstanceStatus {
  const optional: Record<string, unknown> = {
    version: readText(row["Version"]),
    completedAt: readTime(row["CompletedTime"]),
    scheduledStartTime: readTime(row["ScheduledStartTime"]),
    parent: readJson(row["ParentInstance"]),
    tags: readJson(row["Tags"]),
    input: payload(row["Input"]),
    customStatus: payload(row["CustomStatus"]),
    output: payload(row["Output"]),
    failure: readJson(row["FailureDetails"]),
    blocked: readJson(row["BlockedReason"]),
    startedBy: readText(row["StartedBy"]),
    notify: readJson(row["Notify"]),
    nextTimerAt: readTime(row["NextTimerTime"]),
    awaitedEvents: readJson(row["AwaitedEvents"]),
  };
  const createdAt = readTime(row["CreatedTime"]) ?? 0;
  return {
    instanceId: instanceIdOf(row.partitionKey),
    executionId: readText(row["ExecutionId"]) ?? "",
    name: readText(row["Name"]) ?? "",
    status: (readText(row["RuntimeStatus"]) ?? "Pending") as RuntimeStatus,
    createdAt,
    lastUpdatedAt: readTime(row["LastUpdatedTime"]) ?? createdAt,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

/** Encoded payloads are never empty text: an empty column is a payload left in its blob. */
function payload(value: ColumnValue): string | undefined {
  const text = readText(value);
  return text === "" ? undefined : text;
}
