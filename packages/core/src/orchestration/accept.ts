import { InstanceAlreadyExistsError } from "../errors";
import { toFailure } from "../failure";
import { without } from "../fields";
import type { HistoryEvent, HistoryEventOf, ParentInstance } from "../history/events";
import { isTerminal } from "../instance";
import type { InstanceState } from "../instance";
import type { TaskMessage } from "../messages";
import type { LiveInstance } from "./live-instance";
import { completionForParent } from "./outbox";

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
  /** Some message is for an instance that has not started. */
  readonly undeliverable: boolean;
}

/** Judges messages by the instance's state and history. `ExecutionStarted` comes first wherever it arrived (B8). */
export function accept(instance: LiveInstance, messages: readonly TaskMessage[]): Accepted {
  const judge = new Judge(instance);
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
  undeliverable = false;
  readonly #seenIds = new Set<string>();
  readonly #closedTasks = new Set<number>();

  constructor(private readonly instance: LiveInstance) {}

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
        if (this.closes(message, event.timerId)) this.events.push(event);
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
    if (!this.isLive()) {
      this.started = { ...event, messageId: message.id };
      this.#seenIds.add(message.id);
    } else if (event.parent) this.replies.push(refusal(this.instance, message, event.parent));
  }

  /** A completion counts once, for an open task of this execution. */
  private closes(message: TaskMessage, taskId: number): boolean {
    const { state } = this.instance;
    if (!state || isTerminal(state.status) || message.executionId !== state.executionId) return false;
    if (!this.instance.isOpen(taskId) || this.#closedTasks.has(taskId)) return false;
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
