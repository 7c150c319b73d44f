import { encode } from "../codec";
import { optional } from "../fields";
import { START_TIMER_ID, startsLater } from "../history/events";
import type { CompletionNotice, HistoryEvent, HistoryEventOf, HistoryEventType } from "../history/events";
import { deriveId } from "../ids";
import { isTerminal } from "../instance";
import type { InstanceState, InstanceStatus } from "../instance";
import { EMPTY_OUTBOX } from "../messages";
import type { ActivityMessage, MessageEvent, Outbox, TaskMessage } from "../messages";
import type { CompletionReport } from "./context";

/** The id of the message a decision sends: the same however often it is computed. */
function decisionMessageId(executionId: string, eventId: number): string {
  return `${executionId}/${eventId}`;
}

/** The id of the message that fires a timer. It changes when the timer is moved: the one before must not count. */
export function timerMessageId(executionId: string, timerId: number, move: string): string {
  return decisionMessageId(executionId, timerId) + move;
}

/** What tells the messages of a timer apart: nothing of its first one. */
export function moveOf({ messageId, fireAt }: HistoryEventOf<"TimerMoved">): string {
  return `/${messageId ?? fireAt}`;
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

/** What messages of an instance say of it. */
type Sender = Pick<InstanceState, "instanceId" | "executionId" | "name">;

/** The message that runs a scheduled activity. */
export function activityMessage(state: Sender, event: HistoryEventOf<"TaskScheduled">): ActivityMessage {
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
export function completionForParent(state: InstanceStatus): readonly TaskMessage[] {
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

type Sending<K extends HistoryEventType> = (
  state: InstanceState,
  event: HistoryEventOf<K>,
) => readonly TaskMessage[];

/** Exhaustive by construction: of a new event type it must be said what it sends. */
const senders: { readonly [K in Exclude<HistoryEventType, "TaskScheduled">]: Sending<K> | undefined } = {
  ExecutionStarted: (state, event) => listOf(timerMessageOf(state, event)),
  TimerCreated: (state, event) => listOf(timerMessageOf(state, event)),
  TimerMoved: (state, event) => listOf(timerMessageOf(state, event)),
  TimerCancelled: undefined,
  SubOrchestrationInstanceCreated: childStart,
  EventSent: raisedEvent,
  TerminationSent: sentTermination,
  ExecutionCompleted: (state, event) => [
    ...completionForParent(state),
    ...notice(state, event),
    ...terminations(state, event),
  ],
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
  const sender: Sending<never> | undefined = senders[event.type];
  return sender?.(state, event as never) ?? [];
}

function listOf(message: TaskMessage | undefined): readonly TaskMessage[] {
  return message ? [message] : [];
}

/**
 * How long before it is due a wall clock is looked at again: longer than any government has ever moved its clocks, by a
 * day, from one side of the date line to the other.
 */
const SECOND_LOOK_MS = 36 * 3_600_000;

/** The message to oneself that an event about a timer sends. */
export function timerMessageOf(
  state: Pick<InstanceState, "instanceId" | "executionId">,
  event: HistoryEvent,
): TaskMessage | undefined {
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- the others are not about timers
  switch (event.type) {
    case "TimerCreated": {
      const { timestamp, eventId, fireAt, wallClock } = event;
      const secondLook = fireAt - SECOND_LOOK_MS;
      const visibleAt = wallClock && secondLook > timestamp ? secondLook : fireAt;
      return timerMessage(state, timestamp, eventId, "", fireAt, visibleAt);
    }
    case "TimerMoved": {
      const { timestamp, timerId, fireAt } = event;
      return timerMessage(state, timestamp, timerId, moveOf(event), fireAt, fireAt);
    }
    case "ExecutionStarted": {
      const { timestamp, scheduledStartTime: fireAt = 0 } = event;
      return startsLater(event)
        ? timerMessage(state, timestamp, START_TIMER_ID, "", fireAt, fireAt)
        : undefined;
    }
    default:
      return undefined;
  }
}

function timerMessage(
  { instanceId, executionId }: Pick<InstanceState, "instanceId" | "executionId">,
  timestamp: number,
  timerId: number,
  move: string,
  fireAt: number,
  visibleAt: number,
): TaskMessage {
  return {
    id: timerMessageId(executionId, timerId, move),
    instanceId,
    executionId,
    visibleAt,
    event: { type: "TimerFired", timestamp, timerId, fireAt },
  };
}

/** Tells whoever started a detached instance how it ended. */
export function noticeOf(
  { instanceId, eventName }: CompletionNotice,
  id: string,
  timestamp: number,
  report: CompletionReport,
): TaskMessage {
  return {
    id,
    instanceId,
    event: {
      type: "EventRaised",
      timestamp,
      name: eventName,
      ...optional("input", encode(report, "report")),
    },
  };
}

function notice(
  { instanceId, executionId, notify }: InstanceState,
  { timestamp, status }: HistoryEventOf<"ExecutionCompleted">,
): readonly TaskMessage[] {
  return notify ? [noticeOf(notify, `${executionId}/notice`, timestamp, { instanceId, status })] : [];
}

/** The message that starts a child, or a detached instance. */
export function childStart(
  state: Sender,
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
    ...optional("scheduledStartTime", event.scheduledStartTime),
    ...optional("onlyNew", event.onlyNew),
    ...optional("notify", event.notify),
    ...(event.detached
      ? { startedBy: instanceId }
      : { parent: { name, instanceId, executionId, taskScheduledId: event.eventId } }),
  };
  return [{ id: decisionMessageId(executionId, event.eventId), instanceId: event.instanceId, event: start }];
}

function raisedEvent(state: InstanceState, event: HistoryEventOf<"EventSent">): readonly TaskMessage[] {
  const { timestamp, name, instanceId } = event;
  const raised: MessageEvent = { type: "EventRaised", timestamp, name, ...optional("input", event.input) };
  return [{ id: decisionMessageId(state.executionId, event.eventId), instanceId, event: raised }];
}

function sentTermination(
  state: InstanceState,
  { timestamp, eventId, instanceId, reason }: HistoryEventOf<"TerminationSent">,
): readonly TaskMessage[] {
  const event: MessageEvent = { type: "ExecutionTerminated", timestamp, ...optional("reason", reason) };
  return [{ id: decisionMessageId(state.executionId, eventId), instanceId, event }];
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
