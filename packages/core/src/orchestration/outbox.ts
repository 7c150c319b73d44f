import { optional } from "../fields";
import { START_TIMER_ID, startsLater } from "../history/events";
import type { HistoryEvent, HistoryEventOf, HistoryEventType } from "../history/events";
import { deriveId } from "../ids";
import { isTerminal } from "../instance";
import type { InstanceState } from "../instance";
import { EMPTY_OUTBOX } from "../messages";
import type { ActivityMessage, MessageEvent, Outbox, TaskMessage } from "../messages";

/** The id of the message a decision sends: the same however often it is computed. */
export function decisionMessageId(executionId: string, eventId: number): string {
  return `${executionId}/${eventId}`;
}

/**
 * What a checkpoint sends. Pure, so a crash between commit and send is repaired by calling it again.
 *
 * @param events Any part of the history that ends with the checkpoint's last turn; earlier turns are ignored.
 */
export function outboxOf(state: InstanceState, events: readonly HistoryEvent[]): Outbox {
  const carried = state.carriedOutbox ?? EMPTY_OUTBOX;
  const messages: TaskMessage[] = [...carried.messages];
  const activities: ActivityMessage[] = [...carried.activities];
  for (const event of lastTurn(events)) {
    if (event.type === "TaskScheduled") activities.push(activityMessage(state, event));
    else messages.push(...messagesOf(state, event));
  }
  return { messages, activities };
}

/** The message that runs a scheduled activity. */
export function activityMessage(
  state: InstanceState,
  event: HistoryEventOf<"TaskScheduled">,
): ActivityMessage {
  return {
    id: decisionMessageId(state.executionId, event.eventId),
    instanceId: state.instanceId,
    executionId: state.executionId,
    orchestrationName: state.name,
    taskScheduledId: event.eventId,
    name: event.name,
    ...optional("input", event.input),
    attempt: event.attempt ?? 1,
    firstAttemptId: event.firstAttemptId ?? event.eventId,
    scheduledAt: event.timestamp,
    ...optional("timeoutMs", event.timeoutMs),
  };
}

/** What a finished child tells its parent. */
export function completionForParent(state: InstanceState): readonly TaskMessage[] {
  const { parent, status, output, failure } = state;
  if (!parent || !isTerminal(status)) return [];
  const { instanceId, executionId, taskScheduledId } = parent;
  const timestamp = state.completedAt ?? state.lastUpdatedAt;
  const completion: MessageEvent =
    status === "Completed"
      ? {
          type: "SubOrchestrationInstanceCompleted",
          timestamp,
          taskScheduledId,
          ...optional("result", output),
        }
      : {
          type: "SubOrchestrationInstanceFailed",
          timestamp,
          taskScheduledId,
          failure: failure ?? { errorType: status, errorMessage: `Instance '${state.instanceId}' ended.` },
        };
  return [{ id: `${state.executionId}/end/${executionId}`, instanceId, executionId, event: completion }];
}

function lastTurn(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  return events.slice(
    Math.max(
      0,
      events.findLastIndex((event) => event.type === "OrchestratorStarted"),
    ),
  );
}

type Sender<K extends HistoryEventType> = (
  state: InstanceState,
  event: HistoryEventOf<K>,
) => readonly TaskMessage[];

/** Exhaustive by construction: of a new event type it must be said what it sends. */
const senders: { readonly [K in Exclude<HistoryEventType, "TaskScheduled">]: Sender<K> | undefined } = {
  ExecutionStarted: startTimer,
  TimerCreated: timer,
  SubOrchestrationInstanceCreated: childStart,
  EventSent: raisedEvent,
  ExecutionCompleted: (state, event) => [...completionForParent(state), ...terminations(state, event)],
  OrchestratorStarted: undefined,
  TaskCompleted: undefined,
  TaskFailed: undefined,
  SubOrchestrationInstanceCompleted: undefined,
  SubOrchestrationInstanceFailed: undefined,
  TimerFired: undefined,
  EventRaised: undefined,
  ExecutionSuspended: undefined,
  ExecutionResumed: undefined,
  ExecutionTerminated: undefined,
  ExecutionRewound: undefined,
  ExecutionBlocked: undefined,
};

function messagesOf(
  state: InstanceState,
  event: Exclude<HistoryEvent, { type: "TaskScheduled" }>,
): readonly TaskMessage[] {
  const sender: Sender<never> | undefined = senders[event.type];
  return sender?.(state, event as never) ?? [];
}

function timer(state: InstanceState, event: HistoryEventOf<"TimerCreated">): readonly TaskMessage[] {
  return [timerMessage(state, event.timestamp, event.eventId, event.fireAt)];
}

function startTimer(state: InstanceState, event: HistoryEventOf<"ExecutionStarted">): readonly TaskMessage[] {
  const fireAt = event.scheduledStartTime;
  if (fireAt === undefined || !startsLater(event)) return [];
  return [timerMessage(state, event.timestamp, START_TIMER_ID, fireAt)];
}

function timerMessage(state: InstanceState, timestamp: number, timerId: number, fireAt: number): TaskMessage {
  return {
    id: decisionMessageId(state.executionId, timerId),
    instanceId: state.instanceId,
    executionId: state.executionId,
    visibleAt: fireAt,
    event: { type: "TimerFired", timestamp, timerId, fireAt },
  };
}

function childStart(
  state: InstanceState,
  event: HistoryEventOf<"SubOrchestrationInstanceCreated">,
): readonly TaskMessage[] {
  const { name, instanceId, executionId } = state;
  const start: MessageEvent = {
    type: "ExecutionStarted",
    timestamp: event.timestamp,
    executionId: deriveId(executionId, event.eventId),
    name: event.name,
    ...optional("version", event.version),
    ...optional("input", event.input),
    ...optional("tags", event.tags),
    parent: { name, instanceId, executionId, taskScheduledId: event.eventId },
  };
  return [{ id: decisionMessageId(executionId, event.eventId), instanceId: event.instanceId, event: start }];
}

function raisedEvent(state: InstanceState, event: HistoryEventOf<"EventSent">): readonly TaskMessage[] {
  const { timestamp, name, instanceId } = event;
  const raised: MessageEvent = { type: "EventRaised", timestamp, name, ...optional("input", event.input) };
  return [{ id: decisionMessageId(state.executionId, event.eventId), instanceId, event: raised }];
}

function terminations(
  state: InstanceState,
  event: HistoryEventOf<"ExecutionCompleted">,
): readonly TaskMessage[] {
  return (event.terminatedChildren ?? []).map((instanceId) => ({
    id: `${state.executionId}/terminate/${instanceId}`,
    instanceId,
    event: {
      type: "ExecutionTerminated",
      timestamp: event.timestamp,
      reason: event.failure?.errorMessage ?? "The parent was terminated.",
      recursive: true,
    },
  }));
}
