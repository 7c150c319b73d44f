import { optional } from "../fields";
import { completedTaskId, isCompletion, isDecision, opensTask } from "../history/events";
import type { DecisionEvent, HistoryEvent, ParentInstance } from "../history/events";
import type { TaskMessage } from "../messages";

/**
 * The history of a failed instance without what made it fail: its end, the activity failures after its last decision
 * (earlier ones were handled, or the code would not have gone on deciding), and activities and timers left open.
 * Replayed, the code decides these again. Failed or running children stay: they are told to try again, or where to
 * report to. Time is not undone: a timeout that has run out stays run out.
 */
export function rewoundHistory(history: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const lastDecision = history.findLastIndex(isDecision);
  const undone = openTasksOf(history);
  for (const event of history.slice(lastDecision + 1)) {
    if (event.type === "TaskFailed") undone.add(event.taskScheduledId);
    if (event.type === "TimerCancelled") undone.add(event.timerId);
  }
  const children = new Set(
    history.flatMap((e) => (e.type === "SubOrchestrationInstanceCreated" ? [e.eventId] : [])),
  );
  return history.filter((event, index) => {
    if (event.type === "ExecutionCompleted" || event.type === "ExecutionTerminated") return false;
    if (event.type === "SubOrchestrationInstanceFailed") return index <= lastDecision;
    if (isDecision(event))
      return children.has(event.eventId) || !opensTask(event) || !undone.has(event.eventId);
    if (event.type === "TimerMoved") return !undone.has(event.timerId);
    return !(isCompletion(event) && undone.has(completedTaskId(event)));
  });
}

/** One message for each child whose end the rewound history still waits for. */
export function rewindChildren(
  rewound: readonly HistoryEvent[],
  parent: Omit<ParentInstance, "taskScheduledId">,
  reason: string | undefined,
  timestamp: number,
): readonly TaskMessage[] {
  const open = openTasksOf(rewound);
  const children = rewound.filter(
    (event): event is Extract<DecisionEvent, { type: "SubOrchestrationInstanceCreated" }> =>
      event.type === "SubOrchestrationInstanceCreated" && open.has(event.eventId),
  );
  return children.map(({ eventId, instanceId }) => ({
    id: `${parent.executionId}/rewind/${eventId}`,
    instanceId,
    event: {
      type: "ExecutionRewound",
      timestamp,
      ...optional("reason", reason),
      parent: { ...parent, taskScheduledId: eventId },
    },
  }));
}

function openTasksOf(history: readonly HistoryEvent[]): Set<number> {
  const open = new Set<number>();
  for (const event of history) {
    if (isDecision(event) && opensTask(event)) open.add(event.eventId);
    else if (isCompletion(event)) open.delete(completedTaskId(event));
  }
  return open;
}
