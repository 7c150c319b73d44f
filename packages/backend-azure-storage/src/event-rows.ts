/** History events as table rows: Durable Task's columns where the fact is the same, ours for the rest. */
import { CorruptStorageError } from "@perdure/core";
import type { HistoryEvent } from "@perdure/core";
import { jsonColumn, readJson, readTime, timeColumn } from "./columns";
import type { Columns } from "./columns";
import type { ColumnValue, TableRow } from "./storage/storage";

type Kind = "plain" | "time" | "json";

/** Column and form of each property an event may have. */
const PROPERTIES: Readonly<Record<string, readonly [column: string, kind: Kind]>> = {
  timestamp: ["_Timestamp", "time"],
  messageId: ["MessageId", "plain"],
  eventId: ["EventId", "plain"],
  name: ["Name", "plain"],
  version: ["Version", "plain"],
  input: ["Input", "plain"],
  parent: ["ParentInstance", "json"],
  tags: ["Tags", "json"],
  scheduledStartTime: ["ScheduledStartTime", "time"],
  executionId: ["StartExecutionId", "plain"],
  attempt: ["Attempt", "plain"],
  firstAttemptId: ["FirstAttemptId", "plain"],
  timeoutMs: ["TimeoutMs", "plain"],
  taskScheduledId: ["TaskScheduledId", "plain"],
  result: ["Result", "plain"],
  failure: ["FailureDetails", "json"],
  instanceId: ["InstanceId", "plain"],
  fireAt: ["FireAt", "time"],
  timerId: ["TimerId", "plain"],
  recursive: ["Recursive", "plain"],
  status: ["OrchestrationStatus", "plain"],
  output: ["Output", "plain"],
  terminatedChildren: ["TerminatedChildren", "json"],
  wallClock: ["WallClock", "json"],
  detached: ["Detached", "plain"],
  startedBy: ["StartedBy", "plain"],
  onlyNew: ["OnlyNew", "plain"],
  notify: ["Notify", "json"],
};

/** `reason` is text everywhere but in `ExecutionBlocked`. */
const REASON = { plain: ["Reason", "plain"], json: ["BlockedReason", "json"] } as const;

const propertyOf = new Map(
  [...Object.entries(PROPERTIES), ["reason", REASON.plain] as const, ["reason", REASON.json] as const].map(
    ([property, [column, kind]]) => [column, { property, kind }] as const,
  ),
);

/** 16 hex digits, so that rows sort by ordinal. */
export function ordinalKey(ordinal: number): string {
  return ordinal.toString(16).toUpperCase().padStart(16, "0");
}

export function ordinalOf(rowKey: string): number {
  return Number.parseInt(rowKey, 16);
}

export function eventColumns(
  event: HistoryEvent,
  executionId: string,
  claimEpoch: number | undefined,
): Columns {
  const columns: Record<string, ColumnValue> = {
    EventType: event.type,
    ExecutionId: executionId,
    ClaimEpoch: claimEpoch,
  };
  for (const [property, value] of Object.entries(event)) {
    if (property === "type" || value === undefined) continue;
    const [column, kind] =
      property === "reason" ? reasonColumn(value) : (PROPERTIES[property] ?? unknownProperty(property));
    columns[column] = toColumn(value, kind);
  }
  return columns;
}

export function eventOf(row: TableRow): HistoryEvent {
  if (typeof row["EventType"] !== "string") {
    throw new CorruptStorageError(`Row ${row.partitionKey}/${row.rowKey} has no EventType.`);
  }
  const event: Record<string, unknown> = { type: row["EventType"] };
  for (const [column, { property, kind }] of propertyOf) {
    const value = row[column];
    if (value !== undefined) event[property] = fromColumn(value, kind);
  }
  return event as unknown as HistoryEvent;
}

function reasonColumn(value: unknown): readonly [string, Kind] {
  return typeof value === "string" ? REASON.plain : REASON.json;
}

function unknownProperty(property: string): never {
  throw new Error(`invariant: every event property has a column, '${property}' has none`);
}

function toColumn(value: unknown, kind: Kind): ColumnValue {
  if (kind === "time") return timeColumn(value as number);
  return kind === "json" ? jsonColumn(value) : (value as ColumnValue);
}

function fromColumn(value: ColumnValue, kind: Kind): unknown {
  if (kind === "time") return readTime(value);
  return kind === "json" ? readJson(value) : value;
}
