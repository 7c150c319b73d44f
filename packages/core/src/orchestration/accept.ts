import { InstanceAlreadyExistsError } from "../errors";
import { toFailure } from "../failure";
import { without } from "../fields";
import { START_TIMER_ID, startsLater } from "../history/events";
import type { HistoryEvent, HistoryEventOf, ParentInstance } from "../history/events";
import { isTerminal } from "../instance";
import type { InstanceState } from "../instance";
import type { TaskMessage } from "../messages";
import { movedTimer } from "./live-instance";
import type { LiveInstance, PendingTimer } from "./live-instance";
import { completionForParent, noticeOf, timerMessageId } from "./outbox";

/** What a batch of messages means to an instance. */
export interface Accepted {
  /** New facts, in order of arrival; repeats and strays are gone. */
  readonly events: readonly HistoryEvent[];
  /** Set when the batch begins a new execution; `events` are its. */
  readonly started: HistoryEventOf<"ExecutionStarted"> | undefined;
  /** Set when a failed instance is to try again. */
  readonly rewound: HistoryEventOf<"ExecutionRewound"> | undefined;
  /** Set when a parent that was rewound says where to report to. */
  readonly parent: ParentInstance | undefined;
  /** Messages to send although nothing was decided. */
  readonly replies: readonly TaskMessage[];
  /** Ids of timer messages in whose place others come, or none. */
  readonly replacedTimers: readonly string[];
  /** Some message is for an instance that has not started. */
  readonly undeliverable: boolean;
}

/** Judges messages by the instance's state and history. `ExecutionStarted` comes first wherever it arrived (B8). */
export function accept(instance: LiveInstance, messages: readonly TaskMessage[], now: number): Accepted {
  const judge = new Judge(instance, now);
  for (const message of messages) if (message.event.type === "ExecutionStarted") judge.judge(message);
  for (const message of timersInOrder(messages)) {
    if (message.event.type !== "ExecutionStarted") judge.judge(message);
  }
  return judge;
}

/** Timers that come together take their places among the messages by the times they were due. */
function timersInOrder(messages: readonly TaskMessage[]): readonly TaskMessage[] {
  const timers = messages.filter(({ event }) => event.type === "TimerFired");
  if (timers.length < 2) return messages;
  const inOrder = timers.sort((a, b) => dueAt(a) - dueAt(b)).values();
  return messages.map((message) =>
    message.event.type === "TimerFired" ? (inOrder.next().value ?? message) : message,
  );
}

function dueAt({ event }: TaskMessage): number {
  return event.type === "TimerFired" ? event.fireAt : 0;
}

class Judge implements Accepted {
  readonly events: HistoryEvent[] = [];
  started: HistoryEventOf<"ExecutionStarted"> | undefined = undefined;
  rewound: HistoryEventOf<"ExecutionRewound"> | undefined = undefined;
  parent: ParentInstance | undefined = undefined;
  readonly replies: TaskMessage[] = [];
  readonly replacedTimers: string[] = [];
  undeliverable = false;
  readonly #seenIds = new Set<string>();
  readonly #closedTasks = new Set<number>();
  /** Timers that this batch has moved, and where to. */
  readonly #moved = new Map<number, PendingTimer>();

  constructor(
    private readonly instance: LiveInstance,
    private readonly now: number,
  ) {}

  judge(message: TaskMessage): void {
    if (this.instance.isKnown(message.id) || this.#seenIds.has(message.id)) return;
    const { event } = message;
    switch (event.type) {
      case "ExecutionStarted":
        this.start(message, event);
        break;
      case "TaskCompleted":
      case "TaskFailed":
      case "SubOrchestrationInstanceCompleted":
      case "SubOrchestrationInstanceFailed":
        if (this.closes(message, event.taskScheduledId)) this.events.push(event);
        break;
      case "TimerFired":
        this.fire(message, event);
        break;
      case "TimerMoved":
        if (this.isPending(message, event.timerId)) this.move({ ...event, messageId: message.id });
        break;
      case "TimerCancelled":
        if (this.closes(message, event.timerId)) {
          this.replace(event.timerId);
          this.take(message);
        }
        break;
      case "ExecutionRewound":
        this.rewind(message, event);
        break;
      case "EventRaised":
      case "ExecutionSuspended":
      case "ExecutionResumed":
      case "ExecutionTerminated":
        if (this.isLive()) this.take(message);
        else if (!this.instance.state) this.undeliverable = true;
    }
  }

  private take(message: TaskMessage): void {
    this.#seenIds.add(message.id);
    this.events.push({ ...message.event, messageId: message.id });
  }

  private isLive(): boolean {
    const { state } = this.instance;
    return (
      this.started !== undefined ||
      this.rewound !== undefined ||
      (state !== undefined && !isTerminal(state.status))
    );
  }

  private start(message: TaskMessage, event: HistoryEventOf<"ExecutionStarted">): void {
    const { state } = this.instance;
    if (event.executionId === state?.startExecutionId || event.executionId === this.started?.executionId)
      return;
    if (!this.isLive() && !(state && event.onlyNew)) {
      this.started = { ...event, messageId: message.id };
      this.#seenIds.add(message.id);
    } else if (event.parent) this.replies.push(refusal(this.instance, message, event.parent));
    else if (event.notify) {
      const report = { instanceId: this.instance.instanceId, status: "NotStarted" } as const;
      this.replies.push(noticeOf(event.notify, `${message.id}/refused`, event.timestamp, report));
    }
  }

  /** Only its last message fires a timer, and one that goes by a wall clock only when that shows its time. */
  private fire(message: TaskMessage, event: HistoryEventOf<"TimerFired">): void {
    const { timerId } = event;
    const timer = this.timer(timerId);
    if (!timer || message.id !== timerMessageId(this.executionId, timerId, timer.move)) return;
    const fireAt = timer.wallClock ? this.instance.resolve(timer.wallClock, event.fireAt) : event.fireAt;
    if (timer.wallClock && fireAt > Math.max(this.now, message.visibleAt ?? 0)) {
      this.move({ type: "TimerMoved", timestamp: this.now, timerId, fireAt });
    } else if (this.closes(message, timerId)) this.events.push(event);
  }

  private move(event: HistoryEventOf<"TimerMoved">): void {
    this.replace(event.timerId);
    this.#moved.set(event.timerId, movedTimer(this.timer(event.timerId), event));
    if (event.messageId !== undefined) this.#seenIds.add(event.messageId);
    this.events.push(event);
  }

  private replace(timerId: number): void {
    const { move = "" } = this.timer(timerId) ?? {};
    this.replacedTimers.push(timerMessageId(this.executionId, timerId, move));
  }

  private timer(timerId: number): PendingTimer | undefined {
    return (
      this.#moved.get(timerId) ?? (this.started ? this.startTimer(timerId) : this.instance.timer(timerId))
    );
  }

  /** Of an execution that begins with this batch. */
  private startTimer(timerId: number): PendingTimer | undefined {
    if (timerId !== START_TIMER_ID || !this.started || !startsLater(this.started)) return undefined;
    return { fireAt: this.started.scheduledStartTime ?? 0, move: "" };
  }

  private get executionId(): string {
    return this.started?.executionId ?? this.instance.state?.executionId ?? "";
  }

  private isPending({ executionId }: TaskMessage, taskId: number): boolean {
    if (this.started) return executionId === this.executionId && this.startTimer(taskId) !== undefined;
    const { state } = this.instance;
    if (!state || isTerminal(state.status) || executionId !== state.executionId) return false;
    return this.instance.isOpen(taskId) && !this.#closedTasks.has(taskId);
  }

  /** A completion counts once, for an open task of this execution. */
  private closes(message: TaskMessage, taskId: number): boolean {
    if (!this.isPending(message, taskId)) return false;
    this.#closedTasks.add(taskId);
    return true;
  }

  private rewind(message: TaskMessage, event: HistoryEventOf<"ExecutionRewound">): void {
    const { state } = this.instance;
    if (this.started) return; // what was to be rewound is gone
    if (!state) {
      this.undeliverable = true;
      return;
    }
    if (event.parent && !isChildOf(state, event.parent)) {
      this.replies.push(refusal(this.instance, message, event.parent));
      return;
    }
    if (event.parent) this.parent = event.parent;
    if (state.status === "Failed" || (state.status === "Terminated" && event.parent)) {
      this.rewound ??= { ...event, messageId: message.id };
      this.#seenIds.add(message.id);
    } else if (event.parent && isTerminal(state.status)) {
      this.replies.push(...completionForParent({ ...state, parent: event.parent }));
    } else if (event.parent) this.take(message);
  }
}

function isChildOf({ parent }: InstanceState, candidate: ParentInstance): boolean {
  return parent?.instanceId === candidate.instanceId && parent.taskScheduledId === candidate.taskScheduledId;
}

/** Tells a parent that the explicit id of its child is in use. */
function refusal(instance: LiveInstance, message: TaskMessage, parent: ParentInstance): TaskMessage {
  const error = new InstanceAlreadyExistsError(instance.instanceId, instance.state?.status ?? "Pending");
  return {
    id: `${message.id}/refused`,
    instanceId: parent.instanceId,
    executionId: parent.executionId,
    event: {
      type: "SubOrchestrationInstanceFailed",
      timestamp: message.event.timestamp,
      taskScheduledId: parent.taskScheduledId,
      failure: without(toFailure(error), "stackTrace"),
    },
  };
}
