/** Rows of instances that are not there. The protocol leaves none; hands and damage may. */
import type { ActivityMessage, CheckOptions, Trouble } from "@perdure/core";
import type { Transaction } from "../file/group-commit";
import { historyOf, isState, keys, under } from "../file/keys";
import type { Key } from "../file/keys";
import { parseLetter } from "../work/letter";
import type { Services } from "../work/services";

interface Orphan {
  readonly kind: "OrphanHistory" | "OrphanMessage";
  readonly instanceId: string;
  readonly what: string;
  readonly keys: readonly Key[];
}

export function* orphanTroubles(services: Services, { graceMs, limit }: CheckOptions): Generator<Trouble> {
  const latest = services.clock.now() - graceMs;
  const orphans = [
    ...historyOrphans(services, limit),
    ...letterOrphans(services, limit, latest),
    ...activityOrphans(services, limit, latest),
  ];
  for (const { kind, instanceId, what, keys: rows } of orphans) {
    yield {
      ...{ kind, severity: "warning", subject: { type: "file", id: services.file.path }, instanceId },
      message: `${what} of instance '${instanceId}', which does not exist.`,
      advice: "Nothing reads it: delete it.",
      repair: () => remove(services, instanceId, rows),
    };
  }
}

function historyOrphans({ file }: Services, limit: number): readonly Orphan[] {
  const orphans = new Map<string, Key[]>();
  let state: string | undefined;
  for (const key of file.keysIn(under("instance"), limit)) {
    const instanceId = String(key[1]);
    if (isState(key)) state = instanceId;
    else if (state !== instanceId) orphans.set(instanceId, [...(orphans.get(instanceId) ?? []), key]);
  }
  return [...orphans].map(([instanceId, rows]) => ({
    ...{ kind: "OrphanHistory", instanceId, keys: rows },
    what: `There is a history (${rows.length} turns)`,
  }));
}

/** Those in the inbox are looked after: what is for nobody becomes a dead letter. Those that are not due lie there. */
function letterOrphans(services: Services, limit: number, latest: number): readonly Orphan[] {
  const { file } = services;
  return file.rows(under("timer"), limit).flatMap(({ key, value }): readonly Orphan[] => {
    const { message } = parseLetter(value);
    if (!message || message.event.timestamp > latest || exists(services, message.instanceId)) return [];
    const { instanceId, event } = message;
    return [{ kind: "OrphanMessage", instanceId, what: `There is a message (${event.type})`, keys: [key] }];
  });
}

function activityOrphans(services: Services, limit: number, latest: number): readonly Orphan[] {
  const { file } = services;
  return file.rows(under("activity"), limit).flatMap(({ key, value }): readonly Orphan[] => {
    const [, message, worker] = JSON.parse(value) as [number, ActivityMessage, string?];
    const { instanceId, name, scheduledAt } = message;
    if (worker !== undefined || scheduledAt > latest || exists(services, instanceId)) return [];
    return [{ kind: "OrphanMessage", instanceId, what: `There is a queued activity '${name}'`, keys: [key] }];
  });
}

async function remove(services: Services, instanceId: string, rows: readonly Key[]): Promise<string> {
  let outcome = "";
  await services.commits.run((transaction) => {
    outcome = removeRows(transaction, services, instanceId, rows);
  });
  return outcome;
}

function removeRows(
  transaction: Transaction,
  services: Services,
  instanceId: string,
  rows: readonly Key[],
): string {
  if (exists(services, instanceId)) return "The instance exists by now: nothing was deleted.";
  for (const key of rows) transaction.remove(key);
  if (rows[0]?.[0] === "instance")
    for (const { key } of transaction.file.rows(historyOf(instanceId))) transaction.remove(key); // beyond the limit
  return "Deleted it.";
}

function exists({ file }: Services, instanceId: string): boolean {
  return file.get(keys.state(instanceId)) !== undefined;
}
