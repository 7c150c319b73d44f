/**
 * One turn of an orchestration: `(instance, messages, now) → checkpoint`. Pure and synchronous: accept the messages,
 * execute the code, fold what came out into events and a state. A generation that continues as new is followed at
 * once by the next, within the same turn and the same commit.
 */
import type { Checkpoint } from "../backend";
import { InvalidDefinitionError } from "../errors";
import { toFailure } from "../failure";
import type { FailureDetails } from "../failure";
import { optional, without } from "../fields";
import { START_TIMER_ID } from "../history/events";
import type { HistoryEvent, HistoryEventOf } from "../history/events";
import { deriveId } from "../ids";
import { isTerminal } from "../instance";
import type { InstanceState, RuntimeStatus } from "../instance";
import type { ActivityMessage, Outbox, TaskMessage } from "../messages";
import { accept } from "./accept";
import type { Accepted } from "./accept";
import type { ExecutionOutcome, LogEntry } from "./execution";
import type { LiveInstance } from "./live-instance";
import { outboxOf } from "./outbox";
import { rewindChildren, rewoundHistory } from "./rewind";

export interface Turn {
  /** Absent when the messages meant nothing: all were repeats, strays or undeliverable. */
  readonly checkpoint?: Checkpoint;
  /** Some message is for an instance that has not started. */
  readonly undeliverable: boolean;
  /** What the code logged, to be written once the checkpoint is durable. */
  readonly logs: readonly LogEntry[];
}

/** Generations in one turn; more means that nothing ever waits. */
const MAX_GENERATIONS = 10_000;

type Started = HistoryEventOf<"ExecutionStarted">;

/** @param now Milliseconds since the epoch: the only time the turn sees. */
export function runTurn(instance: LiveInstance, messages: readonly TaskMessage[], now: number): Turn {
  instance.beginTurn();
  const accepted = accept(instance, messages, now);
  const { undeliverable } = accepted;
  if (!isEmpty(accepted) || hasCaughtUp(instance)) {
    const fold = new Fold(instance, accepted, turnTime(instance, accepted.events, now));
    return { checkpoint: fold.run(), undeliverable, logs: fold.logs };
  }
  return { undeliverable, logs: [] };
}

function isEmpty({ started, rewound, parent, events, replies }: Accepted): boolean {
  return !started && !rewound && !parent && events.length === 0 && replies.length === 0;
}

/** Whether code that could not run before can run now: any message is good enough to let it. */
function hasCaughtUp(instance: LiveInstance): boolean {
  return instance.backlog.length > 0 && !instance.blocked;
}

/** Never before the turn before, nor before a timer that fires in it. */
function turnTime(instance: LiveInstance, events: readonly HistoryEvent[], now: number): number {
  return events.reduce(
    (latest, event) => (event.type === "TimerFired" ? Math.max(latest, event.fireAt) : latest),
    Math.max(now, instance.lastTimestamp),
  );
}

class Fold {
  readonly logs: LogEntry[] = [];
  #mode: Checkpoint["mode"] = "append";
  /** Events before this turn, when the turn replaces the history. */
  #kept: readonly HistoryEvent[] = [];
  #events: HistoryEvent[] = [];
  /** What is sent besides what this turn's last events say. */
  readonly #carried: { readonly messages: TaskMessage[]; readonly activities: ActivityMessage[] };
  readonly #cancelledTimers = new Set<string>();

  constructor(
    private readonly instance: LiveInstance,
    private readonly accepted: Accepted,
    private readonly now: number,
  ) {
    this.#carried = { messages: [...accepted.replies], activities: [] };
    for (const id of accepted.replacedTimers) this.#cancelledTimers.add(id);
  }

  run(): Checkpoint {
    let state = this.open();
    for (let generation = 0; ; generation++) {
      const outcome = this.advance(state);
      state = this.settle(state, outcome, generation >= MAX_GENERATIONS);
      if (outcome?.kind !== "continuedAsNew" || state.status === "Failed") break;
      state = this.nextGeneration(state, outcome);
    }
    this.instance.endTurn(state);
    return {
      state,
      mode: this.#mode,
      events: [...this.#kept, ...this.#events],
      localActivities: new Set(),
      cancelledTimers: [...this.#cancelledTimers],
    };
  }

  /** The state the turn starts from, and its first events. */
  private open(): InstanceState {
    const { started, rewound, parent, events } = this.accepted;
    const { state } = this.instance;
    const first = started ?? rewound;
    this.#events = [
      { type: "OrchestratorStarted", timestamp: this.now },
      ...(first ? [first] : []),
      ...events,
    ];
    if (started) return this.create(started);
    if (!state) throw new Error("invariant: events are accepted only by an instance that has a state");
    const known = parent ? { ...state, parent } : state;
    return rewound ? this.rewind(known, rewound) : known;
  }

  private create(started: Started): InstanceState {
    this.#mode = "replace";
    return {
      instanceId: this.instance.instanceId,
      executionId: started.executionId,
      startExecutionId: started.executionId,
      name: started.name,
      ...optional("version", started.version),
      status: "Pending",
      createdAt: started.timestamp,
      lastUpdatedAt: this.now,
      ...optional("scheduledStartTime", started.scheduledStartTime),
      ...optional("parent", started.parent),
      ...optional("tags", started.tags),
      ...optional("startedBy", started.startedBy),
      ...optional("notify", started.notify),
      recentMessageIds: this.instance.beginGeneration(started.name, undefined),
    };
  }

  private rewind(state: InstanceState, rewound: HistoryEventOf<"ExecutionRewound">): InstanceState {
    this.#mode = "replace";
    this.#kept = rewoundHistory(this.instance.history);
    const executionId = deriveId(state.executionId, "rewind", rewound.messageId ?? "");
    const parent = { name: state.name, instanceId: state.instanceId, executionId };
    this.#carried.messages.push(...rewindChildren(this.#kept, parent, rewound.reason, this.now));
    const recentMessageIds = this.instance.beginGeneration(state.name, state.customStatus);
    this.instance.track(this.#kept);
    this.instance.replay(this.#kept, true);
    return {
      ...without(state, "completedAt", "output", "failure"),
      executionId,
      recentMessageIds,
      status: "Running",
    };
  }

  /** Runs the code over this turn's events and records what it decided. */
  private advance(state: InstanceState): ExecutionOutcome | undefined {
    const { instance } = this;
    instance.track(this.#events);
    if (instance.blocked || !instance.execution) return this.outcomeWithoutCode();
    const { decisions, cancellations, cancelledTimers, logs } = instance.execution.advance([
      ...instance.backlog,
      ...this.#events,
    ]);
    instance.backlog = [];
    this.#events = [...this.#events, ...decisions, ...cancellations];
    instance.track(decisions);
    for (const entry of logs) this.logs.push(entry);
    this.cancel(state, cancelledTimers);
    instance.track(cancellations);
    return instance.execution.outcome;
  }

  /** Code that cannot run can still be terminated; anything else waits. */
  private outcomeWithoutCode(): ExecutionOutcome | undefined {
    const terminated = this.#events.find((event) => event.type === "ExecutionTerminated");
    if (terminated) {
      return {
        kind: "terminated",
        ...optional("reason", terminated.reason),
        recursive: terminated.recursive ?? false,
      };
    }
    const reason = this.instance.blocked;
    if (reason) this.#events.push({ type: "ExecutionBlocked", timestamp: this.now, reason });
    return undefined;
  }

  /** The state after this generation's part of the turn. */
  private settle(
    state: InstanceState,
    outcome: ExecutionOutcome | undefined,
    exhausted: boolean,
  ): InstanceState {
    const { execution } = this.instance;
    const customStatus = execution && !this.instance.blocked ? execution.customStatus : state.customStatus;
    const base: InstanceState = {
      ...without(state, "customStatus", "blocked", "carriedOutbox", "nextTimerAt", "awaitedEvents"),
      lastUpdatedAt: this.now,
      ...optional("customStatus", customStatus),
      ...(this.#carried.messages.length + this.#carried.activities.length > 0
        ? { carriedOutbox: this.#carried }
        : {}),
    };
    if (outcome) this.cancel(state, this.instance.openTimers);
    if (outcome?.kind === "continuedAsNew" && !exhausted) return base;
    if (outcome) return this.complete(base, outcome);
    if (isTerminal(state.status)) return base; // only replies are sent
    return {
      ...base,
      status: this.statusWhileOpen(),
      ...optional("blocked", this.instance.blocked),
      ...optional("nextTimerAt", this.instance.nextTimerAt),
      ...optional("awaitedEvents", this.instance.blocked ? undefined : execution?.mailbox.awaited()),
      ...optional(
        "scheduledStartTime",
        this.instance.timer(START_TIMER_ID)?.fireAt ?? base.scheduledStartTime,
      ),
    };
  }

  private statusWhileOpen(): RuntimeStatus {
    const { execution, blocked } = this.instance;
    if (blocked) return "Blocked";
    if (execution?.isSuspended) return "Suspended";
    return execution?.isAwaitingStart ? "Pending" : "Running";
  }

  private complete(base: InstanceState, outcome: ExecutionOutcome): InstanceState {
    const end = endOf(outcome, base);
    const children = outcome.kind === "terminated" && outcome.recursive ? this.instance.openChildren : [];
    this.#events.push({
      type: "ExecutionCompleted",
      timestamp: this.now,
      ...end,
      ...(children.length > 0 ? { terminatedChildren: children } : {}),
    });
    return { ...base, ...end, completedAt: this.now };
  }

  /** What the ended generation decided is kept as mail to send; the next one starts in its place. */
  private nextGeneration(
    state: InstanceState,
    outcome: Extract<ExecutionOutcome, { kind: "continuedAsNew" }>,
  ): InstanceState {
    const { steering, unapplied = [] } = this.instance.execution ?? {};
    const own = without(state, "carriedOutbox");
    this.carry(outboxOf(own, this.#events));
    const started: Started = {
      type: "ExecutionStarted",
      timestamp: this.now,
      executionId: deriveId(state.executionId, "continue"),
      name: state.name,
      ...optional("version", state.version),
      ...optional("input", outcome.input),
      ...optional("parent", state.parent),
      ...optional("tags", state.tags),
    };
    this.#mode = "replace";
    this.#kept = [];
    this.#events = [
      { type: "OrchestratorStarted", timestamp: this.now },
      started,
      ...(steering ? [steering] : []),
      ...outcome.carryover,
      ...unapplied.filter(survivesGeneration),
    ];
    const recentMessageIds = this.instance.beginGeneration(state.name, state.customStatus);
    return { ...own, executionId: started.executionId, recentMessageIds };
  }

  private carry(outbox: Outbox): void {
    for (const message of outbox.messages)
      if (!this.#cancelledTimers.has(message.id)) this.#carried.messages.push(message);
    for (const activity of outbox.activities) this.#carried.activities.push(activity);
  }

  private cancel(state: InstanceState, timers: readonly number[]): void {
    for (const id of this.instance.cancelTimers(state.executionId, timers)) this.#cancelledTimers.add(id);
  }
}

function survivesGeneration(event: HistoryEvent): boolean {
  return (
    event.type === "EventRaised" ||
    event.type === "ExecutionSuspended" ||
    event.type === "ExecutionResumed" ||
    event.type === "ExecutionTerminated"
  );
}

function endOf(
  outcome: ExecutionOutcome,
  state: InstanceState,
): Pick<HistoryEventOf<"ExecutionCompleted">, "status" | "output" | "failure"> {
  switch (outcome.kind) {
    case "completed":
      return { status: "Completed", ...optional("output", outcome.output) };
    case "failed":
      return { status: "Failed", failure: outcome.failure };
    case "terminated":
      return { status: "Terminated", failure: terminationFailure(state, outcome.reason) };
    case "continuedAsNew":
      return {
        status: "Failed",
        failure: toFailure(
          new InvalidDefinitionError(
            `'${state.name}' continued as new ${MAX_GENERATIONS} times in a row without waiting for anything.`,
          ),
        ),
      };
  }
}

function terminationFailure(state: InstanceState, reason: string | undefined): FailureDetails {
  return {
    errorType: "OrchestrationTerminated",
    errorMessage: reason ?? `Instance '${state.instanceId}' was terminated.`,
    isNonRetriable: true,
  };
}
