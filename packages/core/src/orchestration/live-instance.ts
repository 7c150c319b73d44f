import type { LoadedInstance } from "../backend";
import { START_TIMER_ID, completedTaskId, isCompletion, isDecision, startsLater } from "../history/events";
import type { BlockedReason, DecisionEvent, HistoryEvent, Payload } from "../history/events";
import type { InstanceState } from "../instance";
import { isTerminal } from "../instance";
import type { Registry } from "../registry";
import { Execution } from "./execution";
import { decisionMessageId } from "./outbox";

/** How many ids of former generations are remembered, besides those of the turn that ends the last one. */
const RECENT_IDS = 256;

/** Measured with an orchestration that waits for its first timer. */
const BYTES_OF_ITS_OWN = 6000;
const BYTES_OF_AN_EVENT = 150;

/** What is kept of a decision while its task is open: not its input, which may be large. */
interface OpenTask {
  readonly type: DecisionEvent["type"];
  readonly childId?: string;
}

/**
 * An instance in a worker's memory: its committed state, the bookkeeping that judges messages, and its live execution.
 * A turn changes it ahead of the commit; if the commit fails it is thrown away. After a turn that leaves it not hot it
 * is of no further use.
 */
export class LiveInstance {
  execution: Execution | undefined;
  /** Events recorded while the code could not run, to be applied first. */
  backlog: readonly HistoryEvent[] = [];
  lastTimestamp = 0;
  #state: InstanceState | undefined;
  #history: readonly HistoryEvent[] | undefined;
  #unknownName: BlockedReason | undefined;
  #knownIds: Set<string>;
  #idsBeforeTurn = 0;
  #hasTurned = false;
  #awaitsStart = false;
  #weight = BYTES_OF_ITS_OWN;
  readonly #openTasks = new Map<number, OpenTask>();

  constructor(
    private readonly registry: Registry,
    readonly instanceId: string,
    loaded: LoadedInstance,
  ) {
    this.#state = loaded.state;
    this.#history = loaded.history;
    this.#knownIds = new Set(loaded.state?.recentMessageIds);
    this.track(loaded.history);
  }

  get state(): InstanceState | undefined {
    return this.#state;
  }

  /** Why the code cannot be run. */
  get blocked(): BlockedReason | undefined {
    return this.#unknownName ?? this.execution?.blocked;
  }

  /** True when the next turn needs nothing but memory. */
  get isHot(): boolean {
    return (
      this.execution !== undefined &&
      !this.execution.outcome &&
      !this.execution.blocked &&
      this.#history === undefined
    );
  }

  /** About how many bytes of memory it takes. What the code itself keeps is guessed from what it was given. */
  get weight(): number {
    return this.#weight;
  }

  /** The committed history, while this instance has not been replayed or cannot be. */
  get history(): readonly HistoryEvent[] {
    return this.#history ?? [];
  }

  isKnown(messageId: string): boolean {
    return this.#knownIds.has(messageId);
  }

  /** Whether a completion of this task is still wanted. */
  isOpen(taskId: number): boolean {
    return taskId === START_TIMER_ID ? this.#awaitsStart : this.#openTasks.has(taskId);
  }

  /** Brings a cold instance to where its history ends. */
  beginTurn(): void {
    this.#idsBeforeTurn = this.#knownIds.size;
    if (this.#hasTurned && !this.isHot)
      throw new Error("invariant: an instance that is not hot is loaded again");
    if (this.execution || !this.#state || isTerminal(this.#state.status)) return;
    const processed = processedLength(this.history);
    this.backlog = this.history.slice(processed);
    this.begin(this.#state.name, this.#state.customStatus);
    const lenient = this.backlog.some((event) => event.type === "ExecutionRewound");
    this.replay(this.history.slice(0, processed), lenient);
    if (!this.blocked) this.#history = undefined;
  }

  endTurn(state: InstanceState): void {
    this.#state = state;
    this.#hasTurned = true;
  }

  /**
   * Starts an execution of a new generation, which keeps the custom status of the one before; returns the message ids
   * it is to remember. Those of this turn are among them, as nothing of it is acknowledged yet.
   */
  beginGeneration(name: string, customStatus: Payload | undefined): readonly string[] {
    const ofThisTurn = this.#knownIds.size - this.#idsBeforeTurn;
    const recent = [...this.#knownIds].slice(-RECENT_IDS - ofThisTurn);
    this.#knownIds = new Set(recent);
    this.#idsBeforeTurn = recent.length - ofThisTurn;
    this.#openTasks.clear();
    this.#weight = BYTES_OF_ITS_OWN + recent.length * BYTES_OF_AN_EVENT;
    this.#history = undefined;
    this.backlog = [];
    this.begin(name, customStatus);
    return recent;
  }

  /** Gives `past` to the execution; timers it cancelled are no longer open. */
  replay(past: readonly HistoryEvent[], lenient: boolean): void {
    const cancelled = this.execution?.replay(past, lenient) ?? [];
    for (const eventId of cancelled) this.#openTasks.delete(eventId);
  }

  /** Notes what events mean for later messages. */
  track(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      this.#weight += weightOf(event);
      if (event.messageId !== undefined) this.#knownIds.add(event.messageId);
      if (event.type === "OrchestratorStarted") this.lastTimestamp = event.timestamp;
      else if (event.type === "ExecutionStarted") this.#awaitsStart = startsLater(event);
      else if (isDecision(event) && event.type !== "EventSent")
        this.#openTasks.set(event.eventId, openTask(event));
      else if (isCompletion(event)) this.close(completedTaskId(event));
    }
  }

  /** Closes timers by event id; returns the ids of their messages. */
  cancelTimers(executionId: string, eventIds: Iterable<number>): readonly string[] {
    return [...eventIds].map((eventId) => {
      this.close(eventId);
      return decisionMessageId(executionId, eventId);
    });
  }

  get openTimers(): readonly number[] {
    const open = [...this.#openTasks].flatMap(([eventId, { type }]) =>
      type === "TimerCreated" ? [eventId] : [],
    );
    return this.#awaitsStart ? [START_TIMER_ID, ...open] : open;
  }

  get openChildren(): readonly string[] {
    return [...this.#openTasks.values()].flatMap(({ childId }) => (childId === undefined ? [] : [childId]));
  }

  private close(taskId: number): void {
    if (taskId === START_TIMER_ID) this.#awaitsStart = false;
    else this.#openTasks.delete(taskId);
  }

  private begin(name: string, customStatus: Payload | undefined): void {
    const definition = this.registry.orchestration(name);
    this.execution = definition && new Execution(definition, this.instanceId);
    if (this.execution) this.execution.customStatus = customStatus;
    this.#unknownName = definition ? undefined : unknownOrchestration(name, this.registry);
  }
}

function weightOf(event: HistoryEvent): number {
  const payload = "input" in event ? event.input : "result" in event ? event.result : undefined;
  return BYTES_OF_AN_EVENT + 2 * (payload?.length ?? 0);
}

function openTask(event: DecisionEvent): OpenTask {
  const { type } = event;
  return type === "SubOrchestrationInstanceCreated" ? { type, childId: event.instanceId } : { type };
}

/** Trailing turns that ended with `ExecutionBlocked` have not been given to the code yet. */
function processedLength(history: readonly HistoryEvent[]): number {
  let end = history.length;
  for (let i = end - 1; i >= 0 && history[end - 1]?.type === "ExecutionBlocked"; i--) {
    if (history[i]?.type === "OrchestratorStarted") end = i;
  }
  return end;
}

function unknownOrchestration(name: string, registry: Registry): BlockedReason {
  const names = registry.orchestrationNames.map((known) => `'${known}'`).join(", ");
  return {
    kind: "UnknownOrchestration",
    message: `No orchestration '${name}' is registered with this worker. Register it and resume the instance, or terminate it.`,
    expected: `orchestration '${name}'`,
    actual: names === "" ? "no orchestrations" : names,
  };
}
