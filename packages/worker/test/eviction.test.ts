/**
 * A worker that has room for one execution, and so rebuilds nearly every instance from its history at each turn, does
 * the same as one that keeps them all: same statuses, same histories, in virtual time.
 */
import fc from "fast-check";
import { MemoryBackend } from "@perdure/backend-memory";
import {
  VirtualClock,
  defineActivity,
  defineOrchestration,
  encode,
  isTerminal,
  optional,
  silentLogger,
} from "@perdure/core";
import type { HistoryEvent, InstanceStatus, OrchestrationContext, TaskMessage } from "@perdure/core";
import { Worker } from "../src/worker";

const STEPS = ["activity", "flaky", "fan", "timer", "race", "event", "child", "branches", "random"] as const;
type Step = (typeof STEPS)[number];

interface Plan {
  readonly steps: readonly Step[];
  readonly generations: number;
}

interface Outcome {
  readonly status: InstanceStatus;
  readonly history: readonly HistoryEvent[];
}

interface Run {
  readonly outcomes: readonly Outcome[];
  /** How often the code of an orchestration was begun, for the first time or in a replay. */
  readonly beginnings: number;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(fc.constantFrom(...STEPS), { minLength: 1, maxLength: 6 }),
  generations: fc.integer({ min: 1, max: 3 }),
});

const add = defineActivity("add", (_ctx, n: number) => n + 1);
const flaky = defineActivity("flaky", (ctx, n: number) => {
  if (ctx.attempt < 3) throw new Error("not yet");
  return n + 1;
});

function* perform(ctx: OrchestrationContext, step: Step, total: number) {
  switch (step) {
    case "activity":
      return yield* ctx.callActivity(add, total);
    case "flaky":
      return yield* ctx.callActivity(flaky, total, { retry: { maxAttempts: 3, firstRetryInterval: "1s" } });
    case "fan":
      return (yield* ctx.all([1, 2, 3].map((n) => ctx.callActivity(add, n)))).reduce((a, b) => a + b, total);
    case "timer":
      yield* ctx.createTimer("7s");
      return total;
    case "race": {
      const timer = ctx.createTimer("1h");
      const winner = ctx.callActivity(add, total);
      yield* ctx.any([timer, winner]);
      timer.cancel();
      return yield* winner;
    }
    case "event":
      return total + (yield* ctx.waitForExternalEvent<number>("tick"));
    case "child":
      return total + (yield* ctx.callSubOrchestrator<number>("child", total));
    case "branches": {
      const branch = (wait: string) =>
        ctx.run(function* () {
          yield* ctx.createTimer(wait);
          return yield* ctx.callActivity(add, 0);
        });
      const [a, b] = yield* ctx.all([branch("2s"), branch("1s")]);
      return total + a + b;
    }
    case "random":
      ctx.setCustomStatus([ctx.random(), ctx.newGuid(), ctx.currentUtcDateTime]);
      return total;
  }
}

/** Runs the plans side by side on one worker. */
async function run(plans: readonly Plan[], maxLiveInstances: number): Promise<Run> {
  let beginnings = 0;
  const program = defineOrchestration("program", function* (ctx, input: Plan & { readonly total: number }) {
    beginnings++;
    let { total } = input;
    for (const step of input.steps) total = yield* perform(ctx, step, total);
    if (input.generations === 1) return total;
    return yield* ctx.continueAsNew({ ...input, generations: input.generations - 1, total });
  });
  const child = defineOrchestration("child", function* (ctx, n: number) {
    beginnings++;
    yield* ctx.createTimer("3s");
    return yield* ctx.callActivity(add, n);
  });

  const clock = new VirtualClock();
  const backend = new MemoryBackend({ clock });
  const worker = new Worker(backend, {
    orchestrations: [program, child],
    activities: [add, flaky],
    maxLiveInstances,
    clock,
    logger: silentLogger,
  });
  for (const [index, each] of plans.entries()) await start(backend, `i${index}`, each, clock.now());
  const end = keepMoving(clock);
  await worker.start();
  const ids = plans.map((_plan, index) => `i${index}`);
  const outcomes: Outcome[] = [];
  for (const id of ids) outcomes.push(await outcomeOf(backend, id));
  await worker.stop();
  await end();
  return { outcomes, beginnings };
}

async function start(backend: MemoryBackend, instanceId: string, each: Plan, now: number): Promise<void> {
  await backend.instances.create(
    {
      id: `${instanceId} start`,
      instanceId,
      event: {
        type: "ExecutionStarted",
        timestamp: now,
        executionId: instanceId.padStart(32, "0"),
        name: "program",
        ...optional("input", encode({ ...each, total: 0 }, "input")),
      },
    },
    [],
  );
  for (const [index, event] of ticks(instanceId, each, now).entries())
    await backend.instances.send({ ...event, id: `${instanceId} tick ${index}` });
}

/** One for each wait. Some come before they are waited for, and some after. */
function ticks(instanceId: string, { steps, generations }: Plan, now: number): Omit<TaskMessage, "id">[] {
  const count = generations * steps.filter((step) => step === "event").length;
  return Array.from({ length: count }, (_none, index) => ({
    instanceId,
    visibleAt: now + 5000 * index,
    event: { type: "EventRaised", timestamp: now, name: "tick", input: String(index) },
  }));
}

async function outcomeOf({ instances }: MemoryBackend, instanceId: string): Promise<Outcome> {
  for (;;) {
    const status = await instances.get(instanceId);
    if (status && isTerminal(status.status))
      return withoutStacks({ status, history: await instances.getHistory(instanceId) });
    await new Promise(setImmediate);
  }
}

/** Where an error was made is told with more or fewer lines by code that the engine has optimised. */
function withoutStacks(outcome: Outcome): Outcome {
  const text = JSON.stringify(outcome, (key, value: unknown) => (key === "stackTrace" ? undefined : value));
  return JSON.parse(text) as Outcome;
}

/** Moves the clock to its next sleeper whenever everything else has come to rest. Returns how to end that. */
function keepMoving(clock: VirtualClock): () => Promise<void> {
  let moving = true;
  const moved = (async () => {
    while (moving) {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      clock.wakeNext();
    }
  })();
  return () => {
    moving = false;
    return moved;
  };
}

describe("a worker that must evict executions", () => {
  it("ends 60 sets of programs as one that need not", async () => {
    let [kept, evicting] = [0, 0];

    await fc.assert(
      fc.asyncProperty(fc.array(plan, { minLength: 2, maxLength: 6 }), async (plans) => {
        const roomy = await run(plans, 1000);
        const cramped = await run(plans, 1);

        expect(roomy.outcomes.map(({ status }) => status.status)).toEqual(plans.map(() => "Completed"));
        expect(cramped.outcomes).toEqual(roomy.outcomes);
        kept += roomy.beginnings;
        evicting += cramped.beginnings;
      }),
      { numRuns: 60 },
    );

    expect(evicting).toBeGreaterThan(1.5 * kept); // it did replay
  }, 120_000);
});
