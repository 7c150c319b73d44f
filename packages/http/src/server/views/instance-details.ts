import { optional } from "@perdure/core";
import type { InstanceSnapshot } from "@perdure/client";
import type { HistoryEntry, InstanceDetails } from "../../contract/instances";

/** An instance as the API tells of it. */
export function instanceDetails(
  snapshot: InstanceSnapshot,
  {
    showInput,
    historyEvents,
  }: { readonly showInput: boolean; readonly historyEvents?: HistoryEntry[] | undefined },
): InstanceDetails {
  const { status, createdAt, lastUpdatedAt, completedAt, scheduledStartTime, nextTimerAt, ...others } =
    snapshot;
  const { input, customStatus, output, awaitedEvents, tags, failure, ...rest } = others;
  return {
    ...rest,
    runtimeStatus: status,
    input: showInput ? (input ?? null) : null,
    customStatus: customStatus ?? null,
    output: output ?? failure?.errorMessage ?? null,
    createdTime: toSecond(createdAt),
    lastUpdatedTime: toSecond(lastUpdatedAt),
    createdAt: createdAt.toISOString(),
    lastUpdatedAt: lastUpdatedAt.toISOString(),
    ...optional("completedAt", completedAt?.toISOString()),
    ...optional("scheduledStartTime", scheduledStartTime?.toISOString()),
    ...optional("nextTimerAt", nextTimerAt?.toISOString()),
    ...optional(
      "awaitedEvents",
      awaitedEvents?.map(({ name, since }) => ({ name, since: since.toISOString() })),
    ),
    ...optional("tags", tags && { ...tags }),
    ...optional("failure", failure),
    ...optional("historyEvents", historyEvents),
  };
}

function toSecond(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
