import { deriveId } from "@perdure/core";
import type { Backend, InstanceState, OrchestrationSession, StartMessage, TaskMessage } from "@perdure/core";

export function startOf(instanceId: string, timestamp = 1): StartMessage {
  const executionId = deriveId(instanceId);
  return {
    id: `${executionId}/created`,
    instanceId,
    event: { type: "ExecutionStarted", timestamp, executionId, name: "test" },
  };
}

export function eventTo(instanceId: string, id: string, visibleAt?: number): TaskMessage {
  return {
    id,
    instanceId,
    ...(visibleAt === undefined ? {} : { visibleAt }),
    event: { type: "EventRaised", timestamp: 1, name: "e" },
  };
}

export function stateOf({ instanceId, event }: StartMessage): InstanceState {
  const { executionId, name, timestamp } = event;
  return {
    instanceId,
    executionId,
    startExecutionId: executionId,
    name,
    status: "Running",
    createdAt: timestamp,
    lastUpdatedAt: timestamp,
    recentMessageIds: [],
  };
}

const never = new AbortController().signal;

export async function lock(backend: Backend): Promise<OrchestrationSession> {
  return (await backend.orchestrations.lockNext(never))!;
}

/** Whether the promise is still open once everything that can happen now has happened. */
export async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  let open = true;
  void promise.finally(() => (open = false));
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  return open;
}
