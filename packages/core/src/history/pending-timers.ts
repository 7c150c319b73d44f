import type { WallClock } from "../wall-clock";
import { START_TIMER_ID, startsLater } from "./events";
import type { HistoryEvent } from "./events";

/** A timer that has neither fired nor been cancelled, as history tells. Times are milliseconds since the epoch. */
export interface TimerFacts {
  /** Number of the decision that made it, or START_TIMER_ID. */
  readonly timerId: number;
  readonly fireAt: number;
  readonly createdAt: number;
  readonly name?: string;
  readonly wallClock?: WallClock;
}

/** The timers an instance that has not finished waits for, in the order they were made. */
export function pendingTimers(history: readonly HistoryEvent[]): readonly TimerFacts[] {
  const timers = new Map<number, TimerFacts>();
  for (const event of history) {
    // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- the others are not about timers
    switch (event.type) {
      case "ExecutionStarted":
        if (startsLater(event))
          timers.set(START_TIMER_ID, startTimer(event.timestamp, event.scheduledStartTime));
        break;
      case "TimerCreated": {
        const { type: _type, eventId: timerId, timestamp: createdAt, ...rest } = event;
        timers.set(timerId, { timerId, createdAt, ...rest });
        break;
      }
      case "TimerMoved": {
        const timer = timers.get(event.timerId);
        if (timer) timers.set(event.timerId, moved(timer, event.fireAt, event.messageId !== undefined));
        break;
      }
      case "TimerFired":
      case "TimerCancelled":
        timers.delete(event.timerId);
    }
  }
  return [...timers.values()];
}

function startTimer(createdAt: number, fireAt = createdAt): TimerFacts {
  return { timerId: START_TIMER_ID, createdAt, fireAt };
}

/** What an operator moves goes by no wall clock any more. */
function moved({ wallClock, ...timer }: TimerFacts, fireAt: number, isByOperator: boolean): TimerFacts {
  return { ...timer, fireAt, ...(wallClock && !isByOperator ? { wallClock } : {}) };
}
