/** A history as Durable Functions shows it: what was scheduled and what came of it are one entry. */
import { decode, optional } from "@perdure/core";
import type { FailureDetails, HistoryEvent, Payload } from "@perdure/core";
import type { HistoryEntry } from "../../contract/instances";

type Scheduled = Extract<HistoryEvent, { type: "TaskScheduled" | "SubOrchestrationInstanceCreated" }>;

/** `showOutput`: results, event payloads and the output, too. */
export function historyEntries(history: readonly HistoryEvent[], showOutput: boolean): HistoryEntry[] {
  const scheduled = new Map<number, Scheduled>();
  for (const event of history)
    if (event.type === "TaskScheduled" || event.type === "SubOrchestrationInstanceCreated")
      scheduled.set(event.eventId, event);
  return history.flatMap((event) => entriesOf(event, scheduled, showOutput));
}

function entriesOf(
  event: HistoryEvent,
  scheduled: ReadonlyMap<number, Scheduled>,
  showOutput: boolean,
): HistoryEntry[] {
  const entry = { EventType: event.type, Timestamp: iso(event.timestamp) };
  const shown = (key: "Input" | "Result", payload: Payload | undefined): object =>
    showOutput && payload !== undefined ? { [key]: decode(payload) } : {};
  switch (event.type) {
    case "OrchestratorStarted":
    case "TaskScheduled":
    case "SubOrchestrationInstanceCreated":
      return [];
    case "ExecutionStarted":
      return [{ ...entry, FunctionName: event.name }];
    case "TaskCompleted":
    case "SubOrchestrationInstanceCompleted":
      return [{ ...entry, ...facts(scheduled.get(event.taskScheduledId)), ...shown("Result", event.result) }];
    case "TaskFailed":
    case "SubOrchestrationInstanceFailed":
      return [{ ...entry, ...facts(scheduled.get(event.taskScheduledId)), ...reasons(event.failure) }];
    case "TimerCreated":
    case "TimerFired":
    case "TimerMoved":
      return [{ ...entry, FireAt: iso(event.fireAt) }];
    case "EventRaised":
    case "EventSent":
      return [{ ...entry, Name: event.name, ...shown("Input", event.input) }];
    case "ExecutionBlocked":
      return [{ ...entry, Reason: event.reason.message }];
    case "ExecutionCompleted":
      return [
        {
          ...entry,
          OrchestrationStatus: event.status,
          ...shown("Result", event.output),
          ...(event.failure && reasons(event.failure)),
        },
      ];
    case "TimerCancelled":
    case "TerminationSent":
    case "ExecutionSuspended":
    case "ExecutionResumed":
    case "ExecutionTerminated":
    case "ExecutionRewound":
      return [{ ...entry, ...optional("Reason", event.reason) }];
  }
}

function facts(event: Scheduled | undefined): Partial<HistoryEntry> {
  return event ? { FunctionName: event.name, ScheduledTime: iso(event.timestamp) } : {};
}

function reasons({ errorMessage, errorType }: FailureDetails): Partial<HistoryEntry> {
  return { Reason: errorMessage, Details: errorType };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
