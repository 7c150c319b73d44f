/** One life of an instance under a schedule of faults, from its start to its end, on a hub of its own. */
import { isTerminal, optional, silentLogger } from "@perdure/core";
import type { AnyActivity, AnyOrchestration, Clock, Payload } from "@perdure/core";
import { formatHistory } from "../format-history";
import { raiseAt } from "../host/planned-events";
import type { EventPlan } from "../host/planned-events";
import type { ActivityCall } from "../hub/activity-bench";
import { StalledError } from "../hub/errors";
import { TestHub } from "../hub/test-hub";
import type { WatchedInstance } from "../hub/watched-instance";
import type { Schedule } from "./schedule";

/** What came of a run. */
export interface RunOutcome {
  /** `"Stalled"`: it waited for what could not come. `"Unfinished"`: it reached a limit. */
  readonly status: "Completed" | "Failed" | "Terminated" | "Blocked" | "Stalled" | "Unfinished";
  readonly output?: unknown;
  /** Why, unless it completed. */
  readonly reason?: string;
  /** What the world's `observe` returned at the end. */
  readonly observed?: unknown;
}

/** What is new in every run: activities, and what can be seen of what they did. */
export interface World {
  readonly activities: readonly AnyActivity[];
  /** Called at the end of a run; the results of all runs are compared. */
  observe?(): unknown;
}

export interface RunPlan {
  readonly orchestration: AnyOrchestration;
  readonly orchestrations: readonly AnyOrchestration[];
  readonly input: Payload | undefined;
  readonly events: readonly EventPlan[];
  readonly newWorld: (clock: Clock) => World;
  readonly startTime: number;
  readonly takeoverMs: number;
  readonly timeLimitMs: number;
  readonly patienceMs: number;
}

export interface Run {
  readonly outcome: RunOutcome;
  /** Names of the steps at which a worker could have died, in order. */
  readonly steps: readonly string[];
  readonly crashes: number;
  /** Messages a worker took that had been taken before. */
  readonly redeliveries: number;
  readonly calls: readonly ActivityCall[];
}

/** The same ids in every run: whatever is derived from them is the same too. */
const ID = "explored";
const QUOTED_EVENTS = 5;

export async function runOnce(plan: RunPlan, schedule: Schedule, maxSteps: number): Promise<Run> {
  const world = plan.newWorld({
    now: () => hub.clock.now(),
    sleep: (delayMs, signal) => hub.clock.sleep(delayMs, signal),
  });
  const hub: TestHub = new TestHub({
    orchestrations: plan.orchestrations,
    activities: world.activities,
    mocks: [],
    autoAdvance: true,
    startTime: plan.startTime,
    takeoverMs: plan.takeoverMs,
    patienceMs: plan.patienceMs,
    logger: silentLogger,
  });
  const steps: string[] = [];
  let crashes = 0;
  let redeliveries = 0;
  const taken = new Set<string>();
  const exhausted = new AbortController();
  hub.onOperation = (operation, side) => {
    if (side === "before" && operation.startsWith("lock")) return; // asked for ahead of time, and nothing happens
    const step = steps.push(`${side} '${operation}'`) - 1;
    if (steps.length > maxSteps) exhausted.abort();
    if (!schedule.crashAt.has(step)) return;
    crashes++;
    hub.crash();
  };
  hub.onTaken = (messages) => {
    for (const message of messages) {
      if (taken.has(message.id)) redeliveries++;
      taken.add(message.id);
      if (schedule.duplicates(message)) hub.deliver(message);
    }
  };
  try {
    await begin(hub, plan);
    const outcome = await end(hub, plan, maxSteps, exhausted.signal);
    const observed = world.observe?.();
    return {
      outcome: { ...outcome, ...optional("observed", observed) },
      steps,
      crashes,
      redeliveries,
      calls: hub.bench.calls(),
    };
  } finally {
    hub.abandon();
  }
}

async function begin(hub: TestHub, { orchestration, input, events }: RunPlan): Promise<void> {
  for (const event of events)
    raiseAt(hub, { ...event, isPoint: (it) => it.instanceId === ID && event.isPoint(it) });
  await hub.start();
  await hub.create({
    id: `${ID}/start`,
    instanceId: ID,
    event: {
      type: "ExecutionStarted",
      timestamp: hub.time.now(),
      executionId: ID,
      name: orchestration.name,
      ...optional("version", orchestration.version),
      ...optional("input", input),
    },
  });
}

/** Each run is bounded, in virtual time and in steps. */
async function end(
  hub: TestHub,
  plan: RunPlan,
  maxSteps: number,
  exhausted: AbortSignal,
): Promise<RunOutcome> {
  const finished = hub.reached(ID, ({ status }) => isTerminal(status) || status === "Blocked");
  const ended = new AbortController();
  const outOfTime = hub.time.world.sleep(plan.timeLimitMs, ended.signal);
  const outOfSteps = new Promise((resolve) => exhausted.addEventListener("abort", resolve, { once: true }));
  try {
    return await Promise.race([
      finished.then(outcomeOf),
      outOfTime.then(() => unfinished(hub, `${plan.timeLimitMs} ms of virtual time`)),
      outOfSteps.then(() => unfinished(hub, `${maxSteps} steps`)),
    ]);
  } catch (error) {
    if (StalledError.is(error)) return { status: "Stalled", reason: error.message };
    throw error;
  } finally {
    ended.abort();
    finished.catch(() => undefined); // of no interest when a limit was reached first
  }
}

function outcomeOf({ status, output, failure, blocked }: WatchedInstance): RunOutcome {
  const reason = blocked?.message ?? (failure && `${failure.errorType}: ${failure.errorMessage}`);
  return {
    status: status as "Completed" | "Failed" | "Terminated" | "Blocked",
    ...optional("output", output),
    ...optional("reason", reason),
  };
}

async function unfinished(hub: TestHub, limit: string): Promise<RunOutcome> {
  const history = await hub.history(ID);
  const tail = formatHistory(history.slice(-QUOTED_EVENTS));
  return { status: "Unfinished", reason: `not finished after ${limit}. Its history ends with\n${tail}` };
}
