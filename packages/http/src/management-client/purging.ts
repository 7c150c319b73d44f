import { durationMs, optional } from "@perdure/core";
import type { PurgeFilter, PurgeManyOptions, PurgeResult } from "@perdure/client";
import type { PurgeOutcome } from "../contract/instances";
import { CONTINUATION_HEADER } from "../contract/values";
import { tokenHeader } from "./pages";
import { filterQuery, statusesQuery } from "./queries";
import type { Transport } from "./transport";

/** How long one request deletes before it tells how far it came. */
const LAP_MS = 2000;

const EPOCH = new Date(0).toISOString();

/** Asks for one lap after the other until all is deleted, the time is over or the signal aborts. */
export async function purgeMany(
  transport: Transport,
  { status, ...filter }: PurgeFilter,
  { onProgress, timeout, signal, continuationToken }: Omit<PurgeManyOptions, "concurrency">,
  dryRun: boolean,
): Promise<Omit<PurgeResult, "skipped">> {
  const query = {
    createdTimeFrom: EPOCH,
    ...given(filterQuery(filter)),
    runtimeStatus: statusesQuery(status),
  };
  let leftMs = timeout === undefined ? Number.POSITIVE_INFINITY : durationMs(timeout, "timeout");
  let token = continuationToken;
  let purged = 0;
  for (;;) {
    const waitMs = Math.min(leftMs, LAP_MS);
    if (waitMs <= 0 || signal?.aborted)
      return { purged, isComplete: false, ...optional("continuationToken", token) };
    const { body, headers } = await transport.request<PurgeOutcome>("DELETE", "/instances", {
      query: { ...query, dryRun: dryRun ? true : undefined, timeout: `${waitMs}ms` },
      headers: tokenHeader(token),
      waitMs,
      expected: [404], // nothing to delete
    });
    purged += body.instancesMatched ?? body.instancesDeleted;
    onProgress?.({ purged, skipped: 0 });
    if (body.isComplete) return { purged, isComplete: true };
    token = headers.get(CONTINUATION_HEADER) ?? undefined;
    leftMs -= waitMs;
  }
}

function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
