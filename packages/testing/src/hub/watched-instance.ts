import { decode, optional } from "@perdure/core";
import type { InstanceState } from "@perdure/core";
import type { InstanceSnapshot } from "@perdure/client";

/** An instance as a checkpoint left it: all that a snapshot has but the input. */
export type WatchedInstance = Omit<InstanceSnapshot, "input">;

export function watchedInstance(state: InstanceState): WatchedInstance {
  return {
    instanceId: state.instanceId,
    executionId: state.executionId,
    name: state.name,
    status: state.status,
    createdAt: new Date(state.createdAt),
    lastUpdatedAt: new Date(state.lastUpdatedAt),
    ...optional("version", state.version),
    ...optional("completedAt", dateOf(state.completedAt)),
    ...optional("scheduledStartTime", dateOf(state.scheduledStartTime)),
    ...optional("parent", state.parent),
    ...optional("tags", state.tags),
    ...optional("customStatus", decode(state.customStatus)),
    ...optional("output", decode(state.output)),
    ...optional("failure", state.failure),
    ...optional("blocked", state.blocked),
    ...optional("startedBy", state.startedBy),
    ...optional("nextTimerAt", dateOf(state.nextTimerAt)),
  };
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
