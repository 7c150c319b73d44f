import type { LoadedInstance } from "../backend";
import {
  START_TIMER_ID,
  completedTaskId,
  isCompletion,
  isDecision,
  opensTask,
  startsLater,
} from "../history/events";
import type { BlockedReason, DecisionEvent, HistoryEvent, HistoryEventOf, Payload } from "../history/events";
import { optional } from "../fields";
import type { InstanceState } from "../instance";
import { isTerminal } from "../instance";
import type { Registry } from "../registry";
import type { WallClock } from "../wall-clock";
import { Execution } from "./execution";
import { moveOf, timerMessageId } from "./outbox";

/** How many ids of former generations are remembered, besides those of the turn that ends the last one. */
const RECENT_IDS = 256;

/** Measured with an orchestration that waits for its first timer. */
const BYTES_OF_ITS_OWN = 6000;
const BYTES_OF_AN_EVENT = 150;

/** What is kept of a decision while its task is open: not its input, which may be large. */
interface OpenTask {
  readonly childId?: string;
}

/** A timer that has neither fired nor been cancelled. */
export interface PendingTimer {
  readonly fireAt: number;
  readonly wallClock?: WallClock;
  /** What tells its message from those before it was moved. */
  readonly move: string;
}

export function movedTimer(
  timer: PendingTimer | undefined,
  event: HistoryEventOf<"TimerMoved">,
): PendingTimer {
  const { fireAt, messageId } = event;
  const wallClock = messageId === undefined ? timer?.wallClock : undefined;
  return { fireAt, ...optional("wallClock", wallClock), move: moveOf(event) };
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
  #weight = BYTES_OF_ITS_OWN;
  readonly #openTasks = new Map<number, OpenTask>();
  readonly #timers = new Map<number, PendingTimer>();
  #nextTimerAt: number | undefined;

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
    return this.#openTasks.has(taskId) || this.#timers.has(taskId);
  }

  /** The timer with this id, if it is pending. */
  timer(timerId: number): PendingTimer | undefined {
    return this.#timers.get(timerId);
  }

  /** When the first of its pending timers is due. */
  get nextTimerAt(): number | undefined {
    if (this.#timers.size === 0) return undefined;
    this.#nextTimerAt ??= earliest(this.#timers.values());
    return this.#nextTimerAt;
  }

  /** When clocks show this time, by what is known of them today; `otherwise` when that is nothing. */
  resolve(time: WallClock, otherwise: number): number {
    try {
      return this.registry.timeZones.instantOf(time);
    } catch {
      return otherwise; // the zone is not known any more, or not to this worker
    }
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
    this.#timers.clear();
    this.#weight = BYTES_OF_ITS_OWN + recent.length * BYTES_OF_AN_EVENT;
    this.#history = undefined;
    this.backlog = [];
    this.begin(name, customStatus);
    return recent;
  }

  /** Gives `past` to the execution; timers it cancelled are no longer open. */
  replay(past: readonly HistoryEvent[], lenient: boolean): void {
    const cancelled = this.execution?.replay(past, lenient) ?? [];
    for (const eventId of cancelled) this.close(eventId);
  }

  /** Notes what events mean for later messages. */
  track(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      this.#weight += weightOf(event);
      if (event.messageId !== undefined) this.#knownIds.add(event.messageId);
      if (event.type === "OrchestratorStarted") this.lastTimestamp = event.timestamp;
      else if (event.type === "ExecutionStarted") this.noteStart(event);
      else if (event.type === "TimerMoved")
        this.setTimer(event.timerId, movedTimer(this.timer(event.timerId), event));
      else if (isDecision(event)) this.open(event);
      else if (isCompletion(event)) this.close(completedTaskId(event));
    }
  }

  /** Closes timers by event id; returns the ids of their messages. */
  cancelTimers(executionId: string, eventIds: Iterable<number>): readonly string[] {
    return [...eventIds].flatMap((timerId) => {
      const timer = this.#timers.get(timerId);
      if (!timer) return [];
      this.close(timerId);
      return [timerMessageId(executionId, timerId, timer.move)];
    });
  }

  get openTimers(): readonly number[] {
    return [...this.#timers.keys()];
  }

  get openChildren(): readonly string[] {
    return [...this.#openTasks.values()].flatMap(({ childId }) => (childId === undefined ? [] : [childId]));
  }

  private noteStart(event: HistoryEventOf<"ExecutionStarted">): void {
    if (startsLater(event))
      this.setTimer(START_TIMER_ID, { fireAt: event.scheduledStartTime ?? 0, move: "" });
  }

  private open(event: DecisionEvent): void {
    if (event.type === "TimerCreated") {
      const { eventId, fireAt, wallClock } = event;
      this.setTimer(eventId, { fireAt, ...optional("wallClock", wallClock), move: "" });
    } else if (opensTask(event)) this.#openTasks.set(event.eventId, openTask(event));
  }

  private setTimer(timerId: number, timer: PendingTimer): void {
    this.#timers.set(timerId, timer);
    this.#nextTimerAt = undefined;
  }

  private close(taskId: number): void {
    if (this.#timers.delete(taskId)) this.#nextTimerAt = undefined;
    else this.#openTasks.delete(taskId);
  }

  private begin(name: string, customStatus: Payload | undefined): void {
    const definition = this.registry.orchestration(name);
    this.execution = definition && new Execution(definition, this.instanceId, this.registry.timeZones);
    if (this.execution) this.execution.customStatus = customStatus;
    this.#unknownName = definition ? undefined : unknownOrchestration(name, this.registry);
  }
}

function weightOf(event: HistoryEvent): number {
  const payload = "input" in event ? event.input : "result" in event ? event.result : undefined;
  return BYTES_OF_AN_EVENT + 2 * (payload?.length ?? 0);
}

function openTask(event: DecisionEvent): OpenTask {
  return event.type === "SubOrchestrationInstanceCreated" ? { childId: event.instanceId } : {};
}

function earliest(timers: Iterable<PendingTimer>): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { fireAt } of timers) if (fireAt < first) first = fireAt;
  return first;
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
