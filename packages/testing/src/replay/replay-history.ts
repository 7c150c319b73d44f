/**
 * Replays a recorded history against code, read-only: nothing is committed, no activity runs.
 *
 * All turns but a last one that ended the execution are replayed as a worker does that brings an instance up. That last
 * one is run as it was at first, because finished executions are not replayed; its decisions and its end must be the
 * recorded ones.
 */
import { LiveInstance, Registry, isDecision, optional } from "@perdure/core";
import type { AnyOrchestration, BlockedReason, HistoryEvent, HistoryEventOf } from "@perdure/core";
import { timeZones } from "@perdure/schedules";
import { formatEvent } from "../format-history";
import type { Fixture } from "./fixture";

/** How code does not fit a history. */
export interface Divergence {
  readonly kind: BlockedReason["kind"];
  /** Place of the event in the history at which the code turned off, counted from 0. Absent: not about an event. */
  readonly eventIndex?: number;
  readonly expected: string;
  readonly actual: string;
}

export function replayHistory(
  orchestrations: readonly AnyOrchestration[],
  fixture: Fixture,
): Divergence | undefined {
  const registry = new Registry(orchestrations, [], timeZones);
  const { history } = fixture;
  const end = history.findIndex((event) => event.type === "ExecutionCompleted");
  const lastTurn = end < 0 ? history.length : (turnStarts(history.slice(0, end)).at(-1) ?? 0);
  const reason = blockedAfter(registry, fixture, lastTurn);
  if (reason?.kind === "UnknownOrchestration") return withoutEvent(reason);
  if (reason) return locate(registry, fixture, lastTurn, reason);
  const completed = history[end];
  if (completed?.type !== "ExecutionCompleted" || completed.status === "Terminated") return undefined;
  return compareEnd(registry, fixture, lastTurn, end, completed);
}

/** The instance as it is when `length` events have been replayed. */
function bringUp(registry: Registry, fixture: Fixture, length: number): LiveInstance {
  const { instanceId, name, version, customStatus, history } = fixture;
  const timestamp = history[0]?.timestamp ?? 0;
  const state = {
    instanceId,
    executionId: "replayed",
    startExecutionId: "replayed",
    name,
    ...optional("version", version),
    ...optional("customStatus", customStatus),
    status: "Running",
    createdAt: timestamp,
    lastUpdatedAt: timestamp,
    recentMessageIds: [],
  } as const;
  const instance = new LiveInstance(registry, instanceId, { state, history: history.slice(0, length) });
  instance.beginTurn();
  return instance;
}

function blockedAfter(registry: Registry, fixture: Fixture, length: number): BlockedReason | undefined {
  return bringUp(registry, fixture, length).blocked;
}

/**
 * Finds the first turn after which the code does not fit, and the event in it. Up to a rewind or a block decisions may
 * be missing from history, so only what follows can be judged turn by turn.
 */
function locate(registry: Registry, fixture: Fixture, length: number, reason: BlockedReason): Divergence {
  const { history } = fixture;
  const lenientUntil = history.findLastIndex(
    ({ type }) => type === "ExecutionRewound" || type === "ExecutionBlocked",
  );
  const starts = turnStarts(history.slice(0, length)).slice(1);
  const ends = [...starts.filter((start) => start > lenientUntil), length];
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (blockedAfter(registry, fixture, ends[middle] ?? length)) high = middle;
    else low = middle + 1;
  }
  const end = ends[low] ?? length;
  const start = ends[low - 1] ?? 0;
  const first = blockedAfter(registry, fixture, end) ?? reason;
  const eventId = Number(/decision #(\d+)/.exec(first.expected ?? "")?.[1]);
  const found = history.findIndex(
    (event, index) => index >= start && index < end && isDecision(event) && event.eventId === eventId,
  );
  return {
    kind: first.kind,
    eventIndex: found >= 0 ? found : Math.max(start, end - 1),
    expected: first.expected ?? first.message,
    actual: first.actual ?? "something else",
  };
}

/** Runs the last turn and compares what it decides, and how it ends. */
function compareEnd(
  registry: Registry,
  fixture: Fixture,
  start: number,
  end: number,
  completed: HistoryEventOf<"ExecutionCompleted">,
): Divergence | undefined {
  const turn = fixture.history.slice(start, end);
  const { execution, backlog } = bringUp(registry, fixture, start);
  if (!execution) return undefined; // an unknown orchestration, told before
  const recorded = turn.filter(isDecision);
  const { decisions } = execution.advance([...backlog, ...turn.filter((event) => !isDecision(event))]);
  const count = Math.max(recorded.length, decisions.length);
  for (let place = 0; place < count; place++) {
    const expected = recorded[place];
    const actual = decisions[place];
    if (expected && actual && sameDecision(expected, actual)) continue;
    return {
      kind: "NonDeterminism",
      eventIndex: expected ? fixture.history.indexOf(expected) : end,
      expected: expected ? describe(expected) : `the end: ${completed.status}`,
      actual: actual ? describe(actual) : execution.outcome ? "the end" : "nothing",
    };
  }
  const actual = endOf(execution.outcome?.kind);
  if (actual === completed.status) return undefined;
  return {
    kind: "NonDeterminism",
    eventIndex: end,
    expected: `the end: ${completed.status}`,
    actual: actual === undefined ? "the code goes on waiting" : `the end: ${actual}`,
  };
}

function endOf(
  kind: "completed" | "failed" | "terminated" | "continuedAsNew" | undefined,
): string | undefined {
  switch (kind) {
    case "completed":
      return "Completed";
    case "failed":
      return "Failed";
    case "terminated":
      return "Terminated";
    case "continuedAsNew":
      return "continued as new";
    case undefined:
      return undefined;
  }
}

function sameDecision(one: HistoryEvent, other: HistoryEvent): boolean {
  return one.type === other.type && (one.type === "TimerCreated" || nameIn(one) === nameIn(other));
}

function nameIn(event: HistoryEvent): string | undefined {
  return "name" in event ? event.name : undefined;
}

function describe(event: HistoryEvent): string {
  return formatEvent(event);
}

function turnStarts(history: readonly HistoryEvent[]): readonly number[] {
  return history.flatMap((event, index) => (event.type === "OrchestratorStarted" ? [index] : []));
}

function withoutEvent({ kind, expected, actual, message }: BlockedReason): Divergence {
  return { kind, expected: expected ?? message, actual: actual ?? "something else" };
}
