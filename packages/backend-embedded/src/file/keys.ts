/**
 * Where everything is in the file. Keys are arrays, ordered part by part: numbers by value, texts by their UTF-8.
 *
 *     ["format"]                            version of this layout, and the number of partitions
 *     ["sequence"]                          last number given to a message
 *     ["instance", instance]                what is known of an instance, see instance-row.ts
 *     ["instance", instance, n]             its events, one row per turn: beside it, for a turn writes both
 *     ["by-status", status, created, instance], ["by-name", name, created, instance]
 *     ["inbox", partition, instance, number]  messages to deliver
 *     ["timer", partition, due, message]    messages to deliver later
 *     ["note", partition, number]           what another process left for the owner of the partition
 *     ["anchor", partition, instance]       its owner runs activities of it in memory
 *     ["activity", due, number]             the work-item queue; what is taken is due when its lock runs out
 *     ["dead", number]                      dead letters
 *     ["partition", partition]              who owns it
 *     ["process", process]                  who is there
 */
import type { RuntimeStatus } from "@perdure/core";

export type KeyPart = string | number;
export type Key = KeyPart[];

/** Sorts after every text and number there may be in a key. */
const LAST = "\u{10ffff}";

/** Instances share partitions by their ids: FNV-1a of the UTF-16 units. A partition has one owner. Part of the format. */
export function partitionOf(instanceId: string, partitionCount: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < instanceId.length; i++) {
    hash = Math.imul(hash ^ instanceId.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % partitionCount;
}

export const keys = {
  format: ["format"] as Key,
  sequence: ["sequence"] as Key,
  state: (instanceId: string): Key => ["instance", instanceId],
  history: (instanceId: string, turn: number): Key => ["instance", instanceId, turn],
  byStatus: (status: RuntimeStatus, createdAt: number, instanceId: string): Key => [
    "by-status",
    status,
    createdAt,
    instanceId,
  ],
  byName: (name: string, createdAt: number, instanceId: string): Key => [
    "by-name",
    name,
    createdAt,
    instanceId,
  ],
  inbox: (partition: number, instanceId: string, number: number): Key => [
    "inbox",
    partition,
    instanceId,
    number,
  ],
  timer: (partition: number, dueAt: number, messageId: string): Key => ["timer", partition, dueAt, messageId],
  note: (partition: number, number: number): Key => ["note", partition, number],
  anchor: (partition: number, instanceId: string): Key => ["anchor", partition, instanceId],
  activity: (dueAt: number, number: number): Key => ["activity", dueAt, number],
  dead: (number: number): Key => ["dead", number],
  partition: (partition: number): Key => ["partition", partition],
  process: (processId: string): Key => ["process", processId],
};

export interface KeyRange {
  readonly start: Key;
  readonly end: Key;
}

/** All keys that begin with these parts. */
export function under(...parts: KeyPart[]): KeyRange {
  return { start: parts, end: [...parts, LAST] };
}

/** Keys that begin with `parts` and go on with a number from `from` on and below `to`. */
export function between(parts: readonly KeyPart[], from: number, to: number): KeyRange {
  return { start: [...parts, from], end: [...parts, to] };
}

/** Keys that begin with `parts` and go on with a text that begins with `prefix`. */
export function prefixed(parts: readonly KeyPart[], prefix: string): KeyRange {
  return { start: [...parts, prefix], end: [...parts, prefix + LAST] };
}

/** The events of an instance. */
export function historyOf(instanceId: string): KeyRange {
  return { start: ["instance", instanceId, 0], end: ["instance", instanceId, LAST] };
}

/** Whether the row is an instance's, not one of its events. */
export function isState(key: Key): boolean {
  return key[0] === "instance" && key.length === 2;
}
