import type { HistoryEvent } from "perdure";

/** What is wrong with the history of a completed instance: nothing, if every fact is in it exactly once. */
export function historyFaults(history: readonly HistoryEvent[]): readonly string[] {
  return [
    ...countFaults(history, "ExecutionStarted"),
    ...countFaults(history, "ExecutionCompleted"),
    ...(history.at(-1)?.type === "ExecutionCompleted" ? [] : ["ExecutionCompleted is not the last event"]),
    ...decisionFaults(history),
    ...completionFaults(history),
    ...repeatedMessages(history),
  ];
}

function countFaults(history: readonly HistoryEvent[], type: HistoryEvent["type"]): readonly string[] {
  const count = history.filter((event) => event.type === type).length;
  return count === 1 ? [] : [`${count} × ${type}`];
}

/** Decisions are numbered from 0 in the order they were taken. */
export function decisionFaults(history: readonly HistoryEvent[]): readonly string[] {
  const ids = history.flatMap((event) => ("eventId" in event ? [event.eventId] : []));
  return ids.every((id, index) => id === index) ? [] : [`event ids ${ids.join(", ")}`];
}

export function completionFaults(history: readonly HistoryEvent[]): readonly string[] {
  const open = new Set<number>();
  const faults: string[] = [];
  for (const event of history) {
    if ("eventId" in event) open.add(event.eventId);
    const completed =
      event.type === "TimerFired"
        ? event.timerId
        : "taskScheduledId" in event
          ? event.taskScheduledId
          : undefined;
    if (completed !== undefined && !open.delete(completed))
      faults.push(`${event.type} of ${completed}, which is not open`);
  }
  return faults;
}

export function repeatedMessages(history: readonly HistoryEvent[]): readonly string[] {
  const seen = new Set<string>();
  return history.flatMap(({ type, messageId }) => {
    if (messageId === undefined || !seen.has(messageId)) {
      if (messageId !== undefined) seen.add(messageId);
      return [];
    }
    return [`${type} twice from message ${messageId}`];
  });
}
