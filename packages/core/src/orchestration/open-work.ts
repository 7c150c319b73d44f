/** What an instance waits for by its history, each with the message that ends the wait or gets it going. */
import { START_TIMER_ID } from "../history/events";
import type { HistoryEvent, HistoryEventOf } from "../history/events";
import { pendingTimers } from "../history/pending-timers";
import type { TimerFacts } from "../history/pending-timers";
import type { InstanceStatus } from "../instance";
import type { ActivityMessage, TaskMessage } from "../messages";
import { activityMessage, childStart, timerMessageOf } from "./outbox";

export interface OpenTimer extends TimerFacts {
  readonly message: TaskMessage;
}

export interface OpenActivity {
  readonly event: HistoryEventOf<"TaskScheduled">;
  readonly message: ActivityMessage;
  /** Id of the message that will bring the result. */
  readonly resultId: string;
}

export interface OpenChild {
  readonly event: HistoryEventOf<"SubOrchestrationInstanceCreated">;
  /** Starts it. Absent after a rewind, when that is not told by history. */
  readonly message?: TaskMessage;
}

/** Events that the code waits for are not among them: history does not tell. */
export interface OpenWork {
  readonly timers: readonly OpenTimer[];
  readonly activities: readonly OpenActivity[];
  readonly children: readonly OpenChild[];
}

/** @param history The whole history of the generation that `status` is of. The instance has not finished. */
export function openWork(status: InstanceStatus, history: readonly HistoryEvent[]): OpenWork {
  const activities = new Map<number, OpenActivity>();
  const children = new Map<number, OpenChild>();
  const isRewound = history.some(({ type }) => type === "ExecutionRewound");
  for (const event of history) {
    if (event.type === "TaskScheduled") {
      const message = activityMessage(status, event);
      activities.set(event.eventId, { event, message, resultId: `${message.id}/result` });
    } else if (event.type === "SubOrchestrationInstanceCreated" && !event.detached) {
      const [message] = isRewound ? [] : childStart(status, event);
      children.set(event.eventId, { event, ...(message && { message }) });
    } else if ("taskScheduledId" in event) {
      activities.delete(event.taskScheduledId);
      children.delete(event.taskScheduledId);
    }
  }
  return {
    timers: openTimers(status, history),
    activities: [...activities.values()],
    children: [...children.values()],
  };
}

function openTimers(status: InstanceStatus, history: readonly HistoryEvent[]): readonly OpenTimer[] {
  const messages = new Map<number, TaskMessage>();
  for (const event of history) {
    const message = timerMessageOf(status, event);
    if (message) messages.set(timerIdOf(event), message);
  }
  return pendingTimers(history).flatMap((timer) => {
    const message = messages.get(timer.timerId);
    return message ? [{ ...timer, message }] : [];
  });
}

function timerIdOf(event: HistoryEvent): number {
  if (event.type === "TimerMoved") return event.timerId;
  return event.type === "TimerCreated" ? event.eventId : START_TIMER_ID;
}
