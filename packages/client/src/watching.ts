/** Changes of instances as they happen, seen from any process. */
import { InvalidArgumentError, durationMs, elapsedBy, isTerminal, optional } from "@perdure/core";
import type { Duration, InstanceStatus } from "@perdure/core";
import type { Connection } from "./connection";
import { listing } from "./listing";
import type { InstanceListing, ListFilter } from "./listing";
import { toSnapshot } from "./snapshot";
import type { InstanceSnapshot } from "./snapshot";
import { waitUntil } from "./waiting";

export interface WatchOptions {
  /** Ends the watch with its reason. */
  readonly signal?: AbortSignal;
}

export interface WatchManyOptions extends WatchOptions {
  /** Whether every instance that matches is told first. Default: false, only what changes. */
  readonly includeExisting?: boolean;
  /**
   * Time between two looks at all that match, 100 ms or more. A look that takes long is followed by a pause of four
   * times as long. Default: 2 s.
   */
  readonly interval?: Duration;
}

/** `gone`: it was purged, or does not match any more. */
export type InstanceChange =
  | { readonly kind: "changed"; readonly instance: InstanceSnapshot }
  | { readonly kind: "gone"; readonly instanceId: string };

export async function* watchInstance<TOutput>(
  connection: Connection,
  instanceId: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<InstanceSnapshot<TOutput>, undefined> {
  let seen: string | undefined;
  for (;;) {
    const change = {
      what: "changed",
      admits: () => true,
      isReached: (status: InstanceStatus) => markOf(status) !== seen,
    };
    const status = await waitUntil(connection, instanceId, change, optional("signal", signal));
    seen = markOf(status);
    yield toSnapshot<TOutput>(status);
    if (isTerminal(status.status)) return undefined;
  }
}

function markOf({ executionId, status, lastUpdatedAt, customStatus }: InstanceStatus): string {
  return JSON.stringify([executionId, status, lastUpdatedAt, customStatus]);
}

const LEAST_INTERVAL_MS = 100;
const REST_AFTER_LOOK = 4;
const MOST_WATCHED = 50_000;
const PAGE_SIZE = 1000;

/** @throws InvalidArgumentError at once, for a bad filter or interval; later, when more than 50,000 instances match. */
export function watchMany(
  connection: Connection,
  filter: ListFilter,
  { interval = "2s", includeExisting = false, signal }: WatchManyOptions,
): AsyncIterable<InstanceChange> {
  const intervalMs = durationMs(interval, "interval");
  if (intervalMs < LEAST_INTERVAL_MS)
    throw new InvalidArgumentError(`interval is ${intervalMs} ms: give ${LEAST_INTERVAL_MS} ms or more.`);
  const instances = listing(connection, filter);
  return {
    [Symbol.asyncIterator]: () => changes(connection, instances, { intervalMs, includeExisting, signal }),
  };
}

async function* changes(
  { clock }: Connection,
  instances: InstanceListing,
  options: {
    readonly intervalMs: number;
    readonly includeExisting: boolean;
    readonly signal: AbortSignal | undefined;
  },
): AsyncGenerator<InstanceChange, undefined> {
  const { intervalMs, includeExisting, signal } = options;
  let seen: Marks = new Map();
  for (let isFirst = true; ; isFirst = false) {
    const begun = elapsedBy(clock);
    const found: Marks = new Map();
    for await (const page of instances.byPage({ pageSize: PAGE_SIZE })) {
      signal?.throwIfAborted();
      for (const change of changesOf(page.instances, seen, found))
        if (!isFirst || includeExisting) yield change;
    }
    for (const instanceId of seen.keys()) if (!found.has(instanceId)) yield { kind: "gone", instanceId };
    seen = found;
    const lookMs = elapsedBy(clock) - begun;
    await clock.sleep(Math.max(intervalMs, lookMs * REST_AFTER_LOOK), signal);
    signal?.throwIfAborted();
  }
}

/** What was last seen of each instance, by id. */
type Marks = Map<string, string>;

function* changesOf(
  instances: readonly InstanceSnapshot[],
  seen: Marks,
  found: Marks,
): Generator<InstanceChange, undefined> {
  for (const instance of instances) {
    const { instanceId, executionId, status, lastUpdatedAt, customStatus } = instance;
    const mark = JSON.stringify([executionId, status, lastUpdatedAt.getTime(), customStatus]);
    found.set(instanceId, mark);
    if (found.size > MOST_WATCHED) {
      throw new InvalidArgumentError(
        `More than ${MOST_WATCHED} instances match, which is more than can be watched: give a narrower filter.`,
      );
    }
    if (seen.get(instanceId) !== mark) yield { kind: "changed", instance };
  }
  return undefined;
}
