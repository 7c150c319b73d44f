/**
 * Random programs, and what a straight-line run of each returns. Whatever happens around it, a program counts the same:
 * activities by their attempts, not by how often they ran; races by who must win, since the loser waits for an hour.
 */
import { NonRetriableError, defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import type { Clock } from "@perdure/core";
import type { Random } from "../support/random";

const GAINS = {
  activity: 1,
  flaky: 1,
  failing: 2,
  timer: 0,
  stamped: 0,
  fan: 9,
  wideFan: 78,
  race: 1,
  lostRace: 4,
  event: 0, // what it brings
  noEvent: 1,
  child: 12,
  failingChild: 3,
  signal: 0,
  large: 70_001,
  settled: 2,
  branches: 2,
  status: 0,
} as const;

export type Step = keyof typeof GAINS;
const STEPS = Object.keys(GAINS) as readonly Step[];

export interface Plan {
  /** Tells the plans of a simulation apart. */
  readonly label: number;
  readonly steps: readonly Step[];
  readonly generations: number;
  readonly total: number;
}

export const tick = defineEvent<number>("tick");
const signal = defineEvent<number>("signal");

export function randomPlan(random: Random, label: number): Plan {
  const steps = Array.from({ length: 1 + random.int(6) }, () => random.pick(STEPS));
  return { label, steps, generations: 1 + random.int(3), total: 0 };
}

/** What the program returns, straight-line. */
export function expectedOf(plan: Plan): number {
  const { steps, generations, total } = plan;
  const gain = generations * sum(steps.map((step) => GAINS[step]));
  return total + gain + sum(ticksOf(plan));
}

/** What it is to be sent, in any order: no two are the same, so that a repeat for one that is missing shows. */
export function ticksOf({ steps, generations }: Plan): readonly number[] {
  const count = generations * steps.filter((step) => step === "event").length;
  return Array.from({ length: count }, (_, index) => 3 ** index);
}

/** What it sends to the sink. */
export function signalsOf({ label, steps, generations }: Plan): readonly number[] {
  return Array.from({ length: generations }, (_, before) =>
    steps.flatMap((step, index) => (step === "signal" ? [signalOf(label, generations - before, index)] : [])),
  ).flat();
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** No two are the same. */
function signalOf(label: number, generations: number, index: number): number {
  return 7 ** label * (100 * generations + 10 * index + 1);
}

const EPOCH_TOLERANCE_MS = 1000;

/** The code of one simulated application. `early` is told of what runs before its time. */
export function programs(clock: Clock, early: (what: string) => void) {
  const add = defineActivity("add", (_ctx, n: number) => n + 1);
  const flaky = defineActivity("flaky", (ctx, n: number) => {
    if (ctx.attempt < 3) throw new Error("not yet");
    return n + 1;
  });
  const failing = defineActivity("failing", (): number => {
    throw new NonRetriableError("never");
  });
  const repeat = defineActivity("repeat", (_ctx, length: number) => "x".repeat(length));
  const stamp = defineActivity("stamp", (_ctx, dueAt: number) => {
    if (clock.now() < dueAt - EPOCH_TOLERANCE_MS) early(`${dueAt - clock.now()} ms before its time`);
    return dueAt;
  });

  const child = defineOrchestration("child", function* (ctx, n: number) {
    const once = yield* ctx.callActivity(add, n);
    yield* ctx.createTimer("3s");
    return once + 1;
  });
  const failingChild = defineOrchestration("failingChild", function* (ctx, n: number) {
    yield* ctx.createTimer("1s");
    return n + (yield* ctx.callActivity(failing));
  });

  /** Adds up what is sent to it, four at a time; each must arrive exactly once. */
  const sink = defineOrchestration("sink", function* (ctx, state: { total: number; left: number }) {
    let { total, left } = state;
    for (let i = 0; i < 4 && left > 0; i++) {
      total += yield* ctx.waitForExternalEvent(signal);
      left--;
    }
    return left > 0 ? yield* ctx.continueAsNew({ total, left }) : total;
  });

  /** Goes on until it is terminated. */
  const endless = defineOrchestration("endless", function* (ctx, n: number) {
    const next = yield* ctx.callActivity(add, n);
    yield* ctx.callSubOrchestrator(child, next);
    yield* ctx.createTimer("2s");
    return yield* ctx.continueAsNew(next);
  });

  const program = defineOrchestration("program", function* (ctx, plan: Plan) {
    let { total } = plan;
    for (const [index, step] of plan.steps.entries()) {
      switch (step) {
        case "activity":
          total = yield* ctx.callActivity(add, total);
          break;
        case "flaky":
          total = yield* ctx.callActivity(flaky, total, {
            retry: { maxAttempts: 5, firstRetryInterval: "1s" },
          });
          break;
        case "failing":
          try {
            yield* ctx.callActivity(failing);
          } catch {
            total += 2;
          }
          break;
        case "timer":
          yield* ctx.createTimer("7s");
          break;
        case "stamped": {
          const timer = ctx.createTimer("4s");
          yield* timer;
          yield* ctx.callActivity(stamp, timer.fireAt.getTime());
          break;
        }
        case "fan":
        case "wideFan": {
          const inputs = Array.from({ length: step === "fan" ? 3 : 12 }, (_, input) => input);
          const results = yield* ctx.all(
            inputs.map((n) => ctx.callActivity(add, n + (step === "fan" ? 1 : 0))),
          );
          total += sum(results);
          break;
        }
        case "race": {
          const timer = ctx.createTimer("1h");
          const winner = ctx.callActivity(add, total);
          yield* ctx.any([timer, winner]);
          timer.cancel();
          total = yield* winner;
          break;
        }
        case "lostRace": {
          const timer = ctx.createTimer("2s");
          if ((yield* ctx.any([ctx.waitForExternalEvent("never"), timer])) === timer) total += 4;
          break;
        }
        case "event":
          total += yield* ctx.waitForExternalEvent(tick);
          break;
        case "noEvent":
          if ((yield* ctx.waitForExternalEvent("never", { timeout: "3s" })) === undefined) total += 1;
          break;
        case "child":
          total += yield* ctx.callSubOrchestrator(child, 10);
          break;
        case "failingChild":
          try {
            yield* ctx.callSubOrchestrator(failingChild, 1);
          } catch {
            total += 3;
          }
          break;
        case "signal":
          ctx.sendEvent("sink", signal, signalOf(plan.label, plan.generations, index));
          break;
        case "large":
          total += (yield* ctx.callActivity(repeat, 70_001)).length;
          break;
        case "settled": {
          const outcomes = yield* ctx.allSettled([ctx.callActivity(add, 1), ctx.callActivity(failing)]);
          total += outcomes.filter(({ status }) => status === "completed" || status === "failed").length;
          break;
        }
        case "branches": {
          const branch = () =>
            ctx.run(function* () {
              yield* ctx.createTimer("1s");
              return yield* ctx.callActivity(add, 0);
            });
          const [a, b] = yield* ctx.all([branch(), branch()]);
          total += a + b;
          break;
        }
        case "status":
          ctx.setCustomStatus({ total });
          break;
      }
    }
    if (plan.generations > 1)
      return yield* ctx.continueAsNew({ ...plan, generations: plan.generations - 1, total });
    return total;
  });

  return {
    program,
    sink,
    endless,
    registrations: {
      orchestrations: [program, child, failingChild, sink, endless],
      activities: [add, flaky, failing, repeat, stamp],
    },
  };
}
