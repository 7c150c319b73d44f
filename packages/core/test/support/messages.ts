import { encode, optional, toFailure } from "../../src";
import type { HistoryEventOf, MessageEvent, TaskMessage } from "../../src";

let made = 0;

/** Messages as clients, workers and other instances send them. Each call makes a new id. */
export class MessageFactory {
  constructor(
    private readonly instanceId: string,
    private readonly executionId: () => string,
    private readonly now: () => number,
  ) {}

  start(name: string, input?: unknown, more: Partial<HistoryEventOf<"ExecutionStarted">> = {}): TaskMessage {
    const id = `start-${made++}`;
    return this.message(id, {
      type: "ExecutionStarted",
      timestamp: this.now(),
      executionId: `execution-of-${id}`,
      name,
      ...optional("input", encode(input, "input")),
      ...more,
    });
  }

  completed(taskScheduledId: number, result?: unknown): TaskMessage {
    const payload = optional("result", encode(result, "result"));
    return this.answer({ type: "TaskCompleted", timestamp: this.now(), taskScheduledId, ...payload });
  }

  failed(taskScheduledId: number, error: unknown = new Error("boom")): TaskMessage {
    return this.answer({
      type: "TaskFailed",
      timestamp: this.now(),
      taskScheduledId,
      failure: toFailure(error),
    });
  }

  childCompleted(taskScheduledId: number, result?: unknown): TaskMessage {
    const payload = optional("result", encode(result, "result"));
    return this.answer({
      type: "SubOrchestrationInstanceCompleted",
      timestamp: this.now(),
      taskScheduledId,
      ...payload,
    });
  }

  childFailed(taskScheduledId: number, error: unknown = new Error("boom")): TaskMessage {
    return this.answer({
      type: "SubOrchestrationInstanceFailed",
      timestamp: this.now(),
      taskScheduledId,
      failure: toFailure(error),
    });
  }

  event(name: string, payload?: unknown): TaskMessage {
    const input = optional("input", encode(payload, "payload"));
    return this.message(`event-${made++}`, { type: "EventRaised", timestamp: this.now(), name, ...input });
  }

  suspend(): TaskMessage {
    return this.message(`suspend-${made++}`, { type: "ExecutionSuspended", timestamp: this.now() });
  }

  resume(): TaskMessage {
    return this.message(`resume-${made++}`, { type: "ExecutionResumed", timestamp: this.now() });
  }

  terminate(reason?: string, recursive = false): TaskMessage {
    return this.message(`terminate-${made++}`, {
      type: "ExecutionTerminated",
      timestamp: this.now(),
      ...optional("reason", reason),
      recursive,
    });
  }

  rewind(reason = "try again"): TaskMessage {
    return this.message(`rewind-${made++}`, { type: "ExecutionRewound", timestamp: this.now(), reason });
  }

  moved(timerId: number, fireAt: number, reason?: string): TaskMessage {
    return this.answer({
      type: "TimerMoved",
      timestamp: this.now(),
      timerId,
      fireAt,
      ...optional("reason", reason),
    });
  }

  cancelled(timerId: number, reason?: string): TaskMessage {
    return this.answer({
      type: "TimerCancelled",
      timestamp: this.now(),
      timerId,
      ...optional("reason", reason),
    });
  }

  private answer(event: MessageEvent): TaskMessage {
    return { ...this.message(`answer-${made++}`, event), executionId: this.executionId() };
  }

  private message(id: string, event: MessageEvent): TaskMessage {
    return { id, instanceId: this.instanceId, event };
  }
}
