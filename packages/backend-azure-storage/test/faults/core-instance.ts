import { LiveInstance, Registry, outboxOf, runTurn } from "@perdure/core";
import type {
  AnyOrchestration,
  HistoryEvent,
  InstanceState,
  MessageEvent,
  TaskMessage,
  Turn,
} from "@perdure/core";

const INSTANCE_ID = "i1";

/** One instance on the pure core: its storage is a list, its messages are made by hand. */
export class CoreInstance {
  now = Date.UTC(2030, 0, 1);
  state: InstanceState | undefined;
  history: readonly HistoryEvent[] = [];
  /** All it has sent so far. */
  readonly sent: TaskMessage[] = [];
  #live: LiveInstance;
  #messages = 0;
  readonly #registry: Registry;

  constructor(private readonly code: AnyOrchestration) {
    this.#registry = new Registry([code], []);
    this.#live = this.rebuilt();
  }

  start(input?: string): Turn {
    return this.deliver(
      this.message({
        type: "ExecutionStarted",
        timestamp: this.now,
        executionId: `execution-${this.#messages}`,
        name: this.code.name,
        ...(input === undefined ? {} : { input }),
      }),
    );
  }

  /** A message of its own id. */
  message(event: MessageEvent, executionId?: string): TaskMessage {
    const id = `message-${this.#messages++}`;
    return { id, instanceId: INSTANCE_ID, event, ...(executionId === undefined ? {} : { executionId }) };
  }

  event(name: string, input: unknown): TaskMessage {
    return this.message({ type: "EventRaised", timestamp: this.now, name, input: JSON.stringify(input) });
  }

  completed(taskScheduledId: number, result: unknown, executionId = this.state?.executionId): TaskMessage {
    const event = { type: "TaskCompleted", timestamp: this.now, taskScheduledId } as const;
    return this.message({ ...event, result: JSON.stringify(result) }, executionId);
  }

  deliver(...messages: readonly TaskMessage[]): Turn {
    if (this.state && !this.#live.isHot) this.#live = this.rebuilt(); // as a worker does
    const turn = runTurn(this.#live, messages, this.now);
    if (!turn.checkpoint) return turn;
    const { state, events, mode, cancelledTimers } = turn.checkpoint;
    this.state = state;
    this.history = mode === "replace" ? events : [...this.history, ...events];
    this.sent.push(...outboxOf(state, events).messages.filter(({ id }) => !cancelledTimers.includes(id)));
    return turn;
  }

  /** Built from its history alone. */
  rebuilt(history = this.history): LiveInstance {
    return new LiveInstance(this.#registry, INSTANCE_ID, {
      history,
      ...(this.state ? { state: this.state } : {}),
    });
  }
}
