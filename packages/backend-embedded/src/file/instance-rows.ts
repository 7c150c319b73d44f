import type { HistoryEvent, HistoryEventOf, Payload } from "@perdure/core";
import type { Transaction } from "./group-commit";
import type { HubFile } from "./hub-file";
import { formatRow, indexed, parseRow } from "./instance-row";
import type { InstanceRow } from "./instance-row";
import { historyOf, keys } from "./keys";

export function readInstance(file: HubFile, instanceId: string): InstanceRow | undefined {
  const text = file.get(keys.state(instanceId));
  return text === undefined ? undefined : parseRow(text);
}

/** @param turns How many rows of history there are. */
export function readHistory(file: HubFile, instanceId: string, turns: number): readonly HistoryEvent[] {
  return historyRows(file, instanceId, turns).flatMap((text) => JSON.parse(text) as readonly HistoryEvent[]);
}

/** To open a range takes as long as to read some rows. */
function historyRows(file: HubFile, instanceId: string, turns: number): readonly string[] {
  if (turns > FEW) return file.rows(historyOf(instanceId)).map(({ value }) => value);
  return Array.from({ length: turns }, (_, turn) => file.get(keys.history(instanceId, turn)) ?? "[]");
}

const FEW = 8;

/** The input of the current generation, from its history. */
export function readInput(file: HubFile, instanceId: string, turns: number): Payload | undefined {
  return readHistory(file, instanceId, turns).findLast(
    (event): event is HistoryEventOf<"ExecutionStarted"> => event.type === "ExecutionStarted",
  )?.input;
}

/** Writes the row and its indexes. `before` is what the indexes know of it. */
export function writeInstance(
  transaction: Transaction,
  instanceId: string,
  row: InstanceRow,
  before: InstanceRow | undefined,
  text = formatRow(row),
): void {
  transaction.put(keys.state(instanceId), text);
  const now = indexed(row);
  const then = before && indexed(before);
  if (then?.status !== now.status || then.createdAt !== now.createdAt) {
    if (then) transaction.remove(keys.byStatus(then.status, then.createdAt, instanceId));
    transaction.put(keys.byStatus(now.status, now.createdAt, instanceId), "");
  }
  if (then?.name !== now.name || then.createdAt !== now.createdAt) {
    if (then) transaction.remove(keys.byName(then.name, then.createdAt, instanceId));
    transaction.put(keys.byName(now.name, now.createdAt, instanceId), "");
  }
}

export function removeInstance(transaction: Transaction, instanceId: string, row: InstanceRow): void {
  const { name, status, createdAt } = indexed(row);
  transaction.remove(keys.state(instanceId));
  transaction.remove(keys.byStatus(status, createdAt, instanceId));
  transaction.remove(keys.byName(name, createdAt, instanceId));
  for (const { key } of transaction.file.rows(historyOf(instanceId))) transaction.remove(key);
}
