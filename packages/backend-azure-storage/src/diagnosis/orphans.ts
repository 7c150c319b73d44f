/**
 * Blobs and rows of instances that are not there: a purge that died half way, a client that died before it had
 * written the row of an instance. What belongs to a message on its way is left alone.
 */
import type { CheckOptions, Trouble } from "@perdure/core";
import { instanceIdOf, partitionOf } from "../names";
import { quote } from "../storage/odata";
import type { StoredRow } from "../storage/storage";
import type { DiagnosisServices } from "./services";

/** Nobody writes a blob so long before what refers to it: an hour, by the usual grace. */
const SAFE_GRACES = 60;
/** Folder of what dead letters hold. */
const DEAD_LETTERS = "dead-letters";
const PAGE_SIZE = 1000;

export async function* orphanTroubles(
  services: DiagnosisServices,
  options: CheckOptions,
): AsyncGenerator<Trouble, undefined> {
  yield* payloadOrphans(services, options);
  yield* historyOrphans(services, options);
  return undefined;
}

interface Folder {
  readonly key: string;
  readonly blobs: readonly string[];
  readonly youngest: number;
}

async function* payloadOrphans(
  services: DiagnosisServices,
  options: CheckOptions,
): AsyncGenerator<Trouble, undefined> {
  const latest = services.settings.clock.now() - options.graceMs * SAFE_GRACES;
  for await (const folder of foldersIn(services, options)) {
    if (folder.youngest > latest || !(await isOrphaned(services, folder))) continue;
    const { key, blobs, youngest } = folder;
    const instanceId = instanceIdOf(key);
    yield {
      ...{ kind: "OrphanPayload", severity: "warning", instanceId, since: new Date(youngest) },
      subject: { type: "payload", id: blobs[0] ?? key },
      message: `${blobs.length === 1 ? "A large payload" : `${blobs.length} large payloads`} of instance '${instanceId}', which does not exist, take room in blob storage.`,
      advice: "Nothing refers to them: delete them.",
      repair: () => removeFolder(services, folder),
    };
  }
  return undefined;
}

/** Blobs come in order of their names: folder by folder. */
async function* foldersIn(
  { storage, names }: DiagnosisServices,
  { limit, signal }: CheckOptions,
): AsyncGenerator<Folder, undefined> {
  const container = storage.container(names.largeMessages);
  let current: Folder | undefined;
  let seen = 0;
  let token: string | undefined;
  do {
    const page = await container.page(Math.min(PAGE_SIZE, limit), token);
    token = page.continuationToken;
    for (const { name, modifiedAt } of page.blobs) {
      const key = name.slice(0, name.indexOf("/"));
      if (current && current.key !== key) yield current;
      current =
        current?.key === key
          ? { key, blobs: [...current.blobs, name], youngest: Math.max(current.youngest, modifiedAt) }
          : { key, blobs: [name], youngest: modifiedAt };
    }
    seen += page.blobs.length;
  } while (token !== undefined && seen < limit && !signal.aborted);
  if (current && token === undefined) yield current;
  return undefined;
}

async function isOrphaned(services: DiagnosisServices, { key, blobs }: Folder): Promise<boolean> {
  if (key === DEAD_LETTERS) return false; // they go with the letters
  const instanceId = instanceIdOf(key);
  if (await exists(services, instanceId)) return false;
  const isOfMessage = blobs.some((name) => name.slice(key.length + 1).startsWith("message-"));
  return !isOfMessage || !(await mayBeOnItsWay(services, instanceId));
}

/** A large message has its text in a blob: as long as anything is in its queue, hidden or not, it may be that. */
async function mayBeOnItsWay(services: DiagnosisServices, instanceId: string): Promise<boolean> {
  const { names, storage, controlQueue, partitionCount, deadLetters } = services;
  const partition = partitionOf(instanceId, await partitionCount());
  if ((await controlQueue(partition).count()) > 0) return true;
  if ((await storage.queue(names.workItems).count()) > 0) return true;
  for await (const letter of deadLetters.list()) if (letter.instanceId === instanceId) return true;
  return false;
}

async function removeFolder(services: DiagnosisServices, folder: Folder): Promise<string> {
  if (!(await isOrphaned(services, folder))) return "The instance exists by now: nothing was deleted.";
  await services.payloads.delete(folder.blobs);
  return `Deleted ${folder.blobs.length === 1 ? "it" : `${folder.blobs.length} blobs`}.`;
}

/** Rows whose sentinel is gone: a commit writes it with its first rows, and a purge deletes it first. */
async function* historyOrphans(
  services: DiagnosisServices,
  { limit, signal }: CheckOptions,
): AsyncGenerator<Trouble, undefined> {
  const table = services.storage.table(services.names.history);
  let suspect: string | undefined;
  let seen = 0;
  let continuationToken: string | undefined;
  do {
    const page = await table.query({
      ...{ select: ["EventType"], pageSize: Math.min(PAGE_SIZE, limit) },
      ...(continuationToken === undefined ? {} : { continuationToken }),
    });
    continuationToken = page.continuationToken;
    for (const { partitionKey, rowKey } of page.rows) {
      if (suspect !== undefined && suspect !== partitionKey) yield* historyOrphan(services, suspect);
      suspect = rowKey === SENTINEL ? undefined : partitionKey; // it sorts after all the others
    }
    seen += page.rows.length;
  } while (continuationToken !== undefined && seen < limit && !signal.aborted);
  if (suspect !== undefined && continuationToken === undefined) yield* historyOrphan(services, suspect);
  return undefined;
}

const SENTINEL = "sentinel";

async function* historyOrphan(services: DiagnosisServices, key: string): AsyncGenerator<Trouble, undefined> {
  const rows = await rowsWithoutSentinel(services, key);
  if (rows.length === 0) return undefined;
  const instanceId = instanceIdOf(key);
  const table = services.names.history;
  yield {
    ...{ kind: "OrphanHistory", severity: "warning", instanceId, subject: { type: "table", id: table } },
    message: `There are ${rows.length} history rows of instance '${instanceId}' that no history has: a purge died half way.`,
    advice: "Nothing reads them: delete them.",
    repair: () => removeRows(services, key),
  };
  return undefined;
}

async function removeRows(services: DiagnosisServices, key: string): Promise<string> {
  const rows = await rowsWithoutSentinel(services, key);
  const table = services.storage.table(services.names.history);
  for (let start = 0; start < rows.length; start += 100) {
    await table.transact(
      rows.slice(start, start + 100).map(({ partitionKey, rowKey, etag }) => ({
        ...{ kind: "delete", partitionKey, rowKey, etag },
      })),
    );
  }
  return rows.length === 0
    ? "They are gone, or belong to an instance by now."
    : `Deleted ${rows.length} rows.`;
}

/** None when there is a sentinel: the instance was created anew. */
async function rowsWithoutSentinel(
  { storage, names }: DiagnosisServices,
  key: string,
): Promise<readonly StoredRow[]> {
  const table = storage.table(names.history);
  if (await table.get(key, SENTINEL)) return [];
  const rows: StoredRow[] = [];
  let continuationToken: string | undefined;
  do {
    const page = await table.query({
      ...{ filter: `PartitionKey eq ${quote(key)}`, select: ["EventType"] },
      ...(continuationToken === undefined ? {} : { continuationToken }),
    });
    rows.push(...page.rows);
    continuationToken = page.continuationToken;
  } while (continuationToken !== undefined);
  return (await table.get(key, SENTINEL)) ? [] : rows;
}

async function exists({ instances, history }: DiagnosisServices, instanceId: string): Promise<boolean> {
  return (
    (await instances.get(instanceId)) !== undefined || (await history.readSentinel(instanceId)) !== undefined
  );
}
