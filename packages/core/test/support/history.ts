import { encode, optional } from "../../src";
import type { BlockedReason, FailureDetails, HistoryEvent, HistoryEventOf } from "../../src";

export const T0 = Date.UTC(2030, 0, 1);
export const EXECUTION = "0123456789abcdef0123456789abcdef";

/** Builds a history by hand: `history().turn().started("name").scheduled(0, "activity")`. */
export function history(): HistoryBuilder {
  return new HistoryBuilder();
}

class HistoryBuilder {
  readonly events: HistoryEvent[] = [];
  #now = T0;
  #messages = 0;

  /** Begins a turn `ms` after the one before. */
  turn(ms = 0): this {
    this.#now += ms;
    return this.add({ type: "OrchestratorStarted", timestamp: this.#now });
  }

  started(name: string, input?: unknown, more: Partial<HistoryEventOf<"ExecutionStarted">> = {}): this {
    return this.add({
      type: "ExecutionStarted",
      ...this.mail(),
      executionId: EXECUTION,
      name,
      ...optional("input", encode(input, "input")),
      ...more,
    });
  }

  scheduled(eventId: number, name: string, input?: unknown): this {
    const payload = optional("input", encode(input, "input"));
    return this.add({ type: "TaskScheduled", timestamp: this.#now, name, ...payload, eventId });
  }

  completed(taskScheduledId: number, result?: unknown): this {
    const payload = optional("result", encode(result, "result"));
    return this.add({ type: "TaskCompleted", timestamp: this.#now, taskScheduledId, ...payload });
  }

  failed(taskScheduledId: number, failure: FailureDetails): this {
    return this.add({ type: "TaskFailed", timestamp: this.#now, taskScheduledId, failure });
  }

  childCreated(eventId: number, name: string, instanceId: string): this {
    return this.add({
      type: "SubOrchestrationInstanceCreated",
      timestamp: this.#now,
      name,
      instanceId,
      eventId,
    });
  }

  timerCreated(eventId: number, fireAt: number): this {
    return this.add({ type: "TimerCreated", timestamp: this.#now, fireAt, eventId });
  }

  timerFired(timerId: number, fireAt: number): this {
    return this.add({ type: "TimerFired", timestamp: this.#now, timerId, fireAt });
  }

  raised(name: string, payload?: unknown): this {
    const input = optional("input", encode(payload, "payload"));
    return this.add({ type: "EventRaised", ...this.mail(), name, ...input });
  }

  suspended(): this {
    return this.add({ type: "ExecutionSuspended", ...this.mail() });
  }

  resumed(): this {
    return this.add({ type: "ExecutionResumed", ...this.mail() });
  }

  blocked(reason: BlockedReason): this {
    return this.add({ type: "ExecutionBlocked", timestamp: this.#now, reason });
  }

  add(event: HistoryEvent): this {
    this.events.push(event);
    return this;
  }

  private mail(): { readonly timestamp: number; readonly messageId: string } {
    return { timestamp: this.#now, messageId: `mail-${this.#messages++}` };
  }
}
