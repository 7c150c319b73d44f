/**
 * Lists instances along an index: by id when a prefix is asked for, by name, or by status; the rest of the question
 * is asked of each row. A page looks at a bounded number of rows.
 */
import { InvalidArgumentError, RUNTIME_STATUSES } from "@perdure/core";
import type { InstancePage, InstanceQuery, InstanceStatus } from "@perdure/core";
import type { HubFile } from "../file/hub-file";
import { toStatus } from "../file/instance-row";
import { readInput, readInstance } from "../file/instance-rows";
import { historyOf, prefixed, under } from "../file/keys";
import type { Key, KeyRange } from "../file/keys";

/** Rows looked at for one page. */
const MOST_ROWS = 5000;

/** Where a page ended, along its index: rows written meanwhile move nothing. */
type Position = readonly [createdAt: number, instanceId: string];

interface Entry {
  readonly position: Position;
  readonly instanceId: string;
}

export function queryInstances(file: HubFile, query: InstanceQuery): InstancePage {
  const after = query.continuationToken === undefined ? undefined : decodePosition(query.continuationToken);
  const instances: InstanceStatus[] = [];
  let seen = 0;
  let last: Entry | undefined;
  for (const entry of entries(file, query, after)) {
    if (instances.length === query.pageSize || seen === MOST_ROWS) return page(instances, last);
    seen++;
    last = entry;
    const row = readInstance(file, entry.instanceId);
    const status = row && toStatus(row, () => readInput(file, entry.instanceId, row.turns));
    if (status && matches(status, query))
      instances.push(query.includePayloads ? status : withoutPayloads(status));
  }
  return page(instances, undefined);
}

function page(instances: readonly InstanceStatus[], last: Entry | undefined): InstancePage {
  return { instances, ...(last ? { continuationToken: encodePosition(last.position) } : {}) };
}

function* entries(file: HubFile, query: InstanceQuery, after: Position | undefined): Generator<Entry> {
  const { instanceIdPrefix, name, statuses = RUNTIME_STATUSES } = query;
  if (instanceIdPrefix) {
    const { start, end } = prefixed(["instance"], instanceIdPrefix);
    let from = after ? historyOf(after[1]).end : start;
    for (;;) {
      const [key] = file.keysIn({ start: from, end }, 1);
      if (!key) return;
      const instanceId = String(key[1]);
      yield { position: [0, instanceId], instanceId };
      from = historyOf(instanceId).end; // past its events
    }
  } else if (name !== undefined) yield* byCreation(file, [["by-name", name]], query, after);
  else
    yield* byCreation(
      file,
      statuses.map((status) => ["by-status", status]),
      query,
      after,
    );
}

/** Several parts of an index at once, in order of creation, then of id. */
function* byCreation(
  file: HubFile,
  parts: readonly Key[],
  { createdFrom, createdTo }: InstanceQuery,
  after: Position | undefined,
): Generator<Entry> {
  const heads = parts.map((part) => {
    const { end } = under(...part);
    const start = after ? [...part, ...after, 0] : [...part, createdFrom ?? Number.NEGATIVE_INFINITY];
    const keys = walk(file, { start, end: createdTo === undefined ? end : [...part, createdTo] });
    return { keys, head: toEntry(keys.next().value) };
  });
  for (;;) {
    let least: (typeof heads)[number] | undefined;
    for (const one of heads) {
      if (one.head && (!least?.head || isBefore(one.head, least.head))) least = one;
    }
    if (!least?.head) return;
    yield least.head;
    least.head = toEntry(least.keys.next().value);
  }
}

function toEntry(key: Key | undefined): Entry | undefined {
  if (!key) return undefined;
  const [, , createdAt, instanceId] = key;
  return { position: [Number(createdAt), String(instanceId)], instanceId: String(instanceId) };
}

function isBefore({ position: [a, one] }: Entry, { position: [b, other] }: Entry): boolean {
  return a === b ? Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0 : a < b; // as in the file
}

const STEP = 200;

/** Keys in pieces, so that nothing stays open between them. */
function* walk(file: HubFile, { start, end }: KeyRange): Generator<Key, undefined> {
  let from = start;
  for (;;) {
    const keys = file.keysIn({ start: from, end }, STEP);
    yield* keys;
    const last = keys.at(-1);
    if (!last || keys.length < STEP) return undefined;
    from = [...last, 0]; // right behind it
  }
}

function matches(instance: InstanceStatus, query: InstanceQuery): boolean {
  const { statuses, instanceIdPrefix = "", name, createdFrom, createdTo, nextTimerBefore, tags = {} } = query;
  return (
    (!statuses || statuses.includes(instance.status)) &&
    instance.instanceId.startsWith(instanceIdPrefix) &&
    (name === undefined || instance.name === name) &&
    (createdFrom === undefined || instance.createdAt >= createdFrom) &&
    (createdTo === undefined || instance.createdAt < createdTo) &&
    (nextTimerBefore === undefined || (instance.nextTimerAt ?? Number.POSITIVE_INFINITY) < nextTimerBefore) &&
    Object.entries(tags).every(([tag, value]) => instance.tags?.[tag] === value)
  );
}

function withoutPayloads(instance: InstanceStatus): InstanceStatus {
  const { input: _input, output: _output, ...rest } = instance;
  return rest;
}

function encodePosition(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** @throws InvalidArgumentError when the token is not one of ours. */
function decodePosition(token: string): Position {
  try {
    const [createdAt, instanceId] = JSON.parse(Buffer.from(token, "base64url").toString()) as [
      unknown,
      unknown,
    ];
    if (typeof createdAt === "number" && typeof instanceId === "string") return [createdAt, instanceId];
  } catch {
    // said below
  }
  throw new InvalidArgumentError(`The continuation token '${token}' is not one that a query returned.`);
}
