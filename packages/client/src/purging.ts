import { InvalidInstanceStateError, durationMs, isTerminal, optional, toError } from "@perdure/core";
import type { Duration, HistoryEvent, InstanceStore, TerminalStatus } from "@perdure/core";
import { FINISHED, assertCount, assertFilledText, statusList } from "./arguments";
import type { Connection } from "./connection";
import { conditionsOf } from "./listing";
import type { InstanceFilter } from "./listing";

export interface PurgeOptions {
  /** Whether sub-orchestrations go too. Default: false. */
  readonly recursive?: boolean;
  /** Deletes nothing, and tells how many it would. Default: false. */
  readonly dryRun?: boolean;
}

/** Which finished instances to delete. `{}` means every finished instance of the task hub. */
export interface PurgeFilter extends InstanceFilter {
  /** Default: Completed, Failed and Terminated. */
  readonly status?: TerminalStatus | readonly TerminalStatus[];
}

export interface PurgeProgress {
  /** Instances deleted by this call so far; with `dryRun` those that would be. */
  readonly purged: number;
  /** Instances that matched when listed, but were gone or running again when their turn came. */
  readonly skipped: number;
}

export interface PurgeManyOptions {
  /** Deletes nothing, and counts what it would. Default: false. */
  readonly dryRun?: boolean;
  /** Told after every page of instances, and at the end. */
  readonly onProgress?: (progress: PurgeProgress) => void;
  /** Deletions that run at a time, 1 to 256. Default: 16. */
  readonly concurrency?: number;
  /** Deletes nothing more once it has passed; what has begun is finished. Default: no limit. */
  readonly timeout?: Duration;
  /** Deletes nothing more once it aborts; what has begun is finished. */
  readonly signal?: AbortSignal;
  /** Of a former result for the same filter: goes on there. */
  readonly continuationToken?: string;
}

export interface PurgeResult extends PurgeProgress {
  /** False when the time ran out or the signal aborted first. */
  readonly isComplete: boolean;
  /** Where to go on; when absent and the purge is not complete, start again without. */
  readonly continuationToken?: string;
}

const PAGE_SIZE = 200;
const DEFAULT_CONCURRENCY = 16;
const MAX_CONCURRENCY = 256;

export async function purgeMany(
  connection: Connection,
  filter: PurgeFilter,
  options: PurgeManyOptions,
): Promise<PurgeResult> {
  const { signal, onProgress, concurrency = DEFAULT_CONCURRENCY, timeout, continuationToken } = options;
  const { dryRun = false } = options;
  const query = {
    ...conditionsOf(filter),
    statuses: statusList(
      filter.status ?? FINISHED,
      FINISHED,
      "status",
      " Terminate running instances first.",
    ),
    includePayloads: false,
    pageSize: PAGE_SIZE,
  };
  assertCount(concurrency, "concurrency", MAX_CONCURRENCY);
  if (continuationToken !== undefined) assertFilledText(continuationToken, "continuationToken");
  const { clock } = connection;
  const deadline = timeout === undefined ? undefined : clock.now() + durationMs(timeout, "timeout");
  const isOver = (): boolean =>
    signal?.aborted === true || (deadline !== undefined && clock.now() >= deadline);

  const store = await connection.instances();
  let token = continuationToken;
  let purged = 0;
  let skipped = 0;
  const purgeOne = async (instanceId: string): Promise<void> => {
    if (dryRun || (await purgeIfFinished(store, instanceId))) purged++;
    else skipped++;
  };
  for (;;) {
    if (isOver()) return { purged, skipped, isComplete: false, ...optional("continuationToken", token) };
    const page = await store.query({ ...query, ...optional("continuationToken", token) });
    const ids = page.instances.map(({ instanceId }) => instanceId);
    const isWhole = await forEach(ids, concurrency, purgeOne, isOver);
    onProgress?.({ purged, skipped });
    if (!isWhole) continue;
    token = page.continuationToken;
    if (token === undefined) return { purged, skipped, isComplete: true };
  }
}

async function purgeIfFinished(store: InstanceStore, instanceId: string): Promise<boolean> {
  try {
    return await store.purge(instanceId);
  } catch (error) {
    if (InvalidInstanceStateError.is(error)) return false; // started again since it was listed
    throw error;
  }
}

/**
 * Deletes a finished instance and the finished descendants its history tells of. Children go before parents, so that
 * a purge cut short can be repeated.
 *
 * @throws InvalidInstanceStateError when one of them has not finished. Nothing was deleted.
 */
export async function purgeTree(store: InstanceStore, rootId: string, dryRun: boolean): Promise<number> {
  const generations: (readonly string[])[] = [];
  const seen = new Set([rootId]);
  let ids: readonly string[] = (await isFinished(store, rootId, undefined)) ? [rootId] : [];
  while (ids.length > 0) {
    generations.push(ids);
    ids = await childrenOf(store, ids, seen);
  }
  if (dryRun) return generations.flat().length;
  let purged = 0;
  for (const generation of generations.reverse()) {
    await forEach(generation, DEFAULT_CONCURRENCY, async (id) => {
      if (await store.purge(id)) purged++;
    });
  }
  return purged;
}

async function childrenOf(
  store: InstanceStore,
  parentIds: readonly string[],
  seen: Set<string>,
): Promise<readonly string[]> {
  const candidates: { readonly id: string; readonly parentId: string }[] = [];
  await forEach(parentIds, DEFAULT_CONCURRENCY, async (parentId) => {
    for (const id of childIds(await store.getHistory(parentId))) candidates.push({ id, parentId });
  });
  const children: string[] = [];
  await forEach(candidates, DEFAULT_CONCURRENCY, async ({ id, parentId }) => {
    if (seen.has(id)) return;
    seen.add(id);
    if (await isFinished(store, id, parentId)) children.push(id);
  });
  return children;
}

function childIds(history: readonly HistoryEvent[]): readonly string[] {
  return history.flatMap((event) =>
    event.type === "SubOrchestrationInstanceCreated" ? [event.instanceId] : [],
  );
}

/** False when it does not exist, or belongs to someone else by now. */
export async function isFinished(
  store: InstanceStore,
  instanceId: string,
  parentId: string | undefined,
): Promise<boolean> {
  const instance = await store.get(instanceId);
  if (!instance || (parentId !== undefined && instance.parent?.instanceId !== parentId)) return false;
  if (isTerminal(instance.status)) return true;
  throw new InvalidInstanceStateError(
    instanceId,
    instance.status,
    "only finished instances can be purged. Wait for its end, or terminate it.",
  );
}

/**
 * Runs `work` for the items, a bounded number at a time, until `isOver`. True when it ran for all of them.
 * After a failure nothing more is begun; the first one is thrown when all that runs has ended.
 */
async function forEach<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
  isOver = (): boolean => false,
): Promise<boolean> {
  const failures: Error[] = [];
  const remaining = [...items].reverse();
  const lane = async (): Promise<void> => {
    while (remaining.length > 0 && failures.length === 0 && !isOver()) {
      const item = remaining.pop() as T;
      await work(item).catch((error: unknown) => failures.push(toError(error)));
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, lane));
  if (failures[0]) throw failures[0];
  return remaining.length === 0;
}
