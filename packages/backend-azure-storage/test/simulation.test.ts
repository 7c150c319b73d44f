/**
 * The whole protocol on simulated storage: random programs, three workers, crashes before and after any request and
 * pauses longer than a lease. Each instance must reach the result of a straight-line run, and nothing may be left.
 */
import { defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import type { Worker } from "@perdure/worker";
import { SimulatedHub } from "./support/simulated-hub";
import type { SimulatedProcess } from "./support/simulated-hub";

const SEEDS = Number(process.env["PERDURE_SIMULATION_SEEDS"] ?? 25);
const FIRST_SEED = Number(process.env["PERDURE_SIMULATION_FIRST"] ?? 1);

type Step = "activity" | "timer" | "fan" | "child" | "event" | "signal";
interface Plan {
  readonly steps: readonly Step[];
  readonly generations: number;
  readonly total: number;
}

const add = defineActivity("add", (_ctx, n: number) => n + 1);
const tick = defineEvent<number>("tick");

const child = defineOrchestration("child", function* (ctx, n: number) {
  const once = yield* ctx.callActivity(add, n);
  yield* ctx.createTimer("3s");
  return once + 1;
});

/** Counts the events its parents send it; each must arrive exactly once. */
const sink = defineOrchestration("sink", function* (ctx, state: { seen: number; expected: number }) {
  let { seen } = state;
  for (let i = 0; i < 4 && seen < state.expected; i++) {
    yield* ctx.waitForExternalEvent("signal");
    seen++;
  }
  if (seen < state.expected) return yield* ctx.continueAsNew({ ...state, seen });
  return seen;
});

const program = defineOrchestration("program", function* (ctx, plan: Plan) {
  let total = plan.total;
  for (const step of plan.steps) {
    if (step === "activity") total = yield* ctx.callActivity(add, total);
    else if (step === "timer") yield* ctx.createTimer("7s");
    else if (step === "fan") {
      const results = yield* ctx.all([1, 2, 3].map((n) => ctx.callActivity(add, n)));
      total += results.reduce((sum, n) => sum + n, 0);
    } else if (step === "child") total += yield* ctx.callSubOrchestrator(child, 10);
    else if (step === "event") total += yield* ctx.waitForExternalEvent(tick);
    else ctx.sendEvent("sink", "signal");
  }
  if (plan.generations > 1)
    return yield* ctx.continueAsNew({ ...plan, generations: plan.generations - 1, total });
  return total;
});

/** What one generation adds, straight-line. */
function expectedOf(plan: Plan): number {
  const gain: Readonly<Record<Step, number>> = {
    activity: 1,
    timer: 0,
    fan: 9,
    child: 12,
    event: 5,
    signal: 0,
  };
  return plan.total + plan.generations * plan.steps.reduce((sum, step) => sum + gain[step], 0);
}

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761 + 12345) >>> 0;
  }

  next(): number {
    this.#state ^= this.#state << 13;
    this.#state >>>= 0;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state / 2 ** 32;
  }

  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)] as T;
  }
}

const STEPS: readonly Step[] = ["activity", "activity", "timer", "fan", "child", "event", "signal"];

function randomPlan(random: Random): Plan {
  const steps = Array.from({ length: 2 + random.int(5) }, () => random.pick(STEPS));
  return { steps, generations: 1 + random.int(3), total: 0 };
}

async function simulate(seed: number): Promise<{ crashes: number; pauses: number; failures: string[] }> {
  const random = new Random(seed);
  const hub = new SimulatedHub(
    { orchestrations: [program, child, sink], activities: [add] },
    {
      leaseRenewInterval: "2s",
      idleLeaseRenewInterval: "2s",
      messageVisibility: "15s",
      partitionCount: 2,
      maxPollInterval: "5s",
    },
  );
  const counts = { crashes: 0, pauses: 0 };
  const workers: { process: SimulatedProcess; worker: Worker }[] = [];
  let faulty = true;
  const spawn = (): void => {
    const process = hub.process();
    const worker = hub.worker(process);
    workers.push({ process, worker });
    void worker.start();
  };
  hub.onRequest = (process) => {
    if (!faulty || process === clientProcess || process.isDead) return;
    if (random.next() < 0.012) {
      process.kill();
      counts.crashes++;
      workers.splice(
        workers.findIndex((entry) => entry.process === process),
        1,
      );
      spawn();
    } else if (random.next() < 0.004) {
      process.pausedUntil = hub.clock.now() + random.int(25_000);
      counts.pauses++;
    }
  };
  const clientProcess = hub.process();
  const client = hub.client(clientProcess);
  await hub.run(clientProcess.backend.createTaskHub());
  spawn();
  spawn();

  const plans = Array.from({ length: 4 }, () => randomPlan(random));
  const signals = plans.reduce((n, p) => n + p.generations * p.steps.filter((s) => s === "signal").length, 0);
  const sinkHandle = await hub.run(
    client.startNew(sink, { seen: 0, expected: signals }, { instanceId: "sink" }),
  );
  const handles: InstanceHandle<number>[] = [];
  for (const [index, plan] of plans.entries()) {
    const handle = await hub.run(client.startNew(program, plan, { instanceId: `p${index}` }));
    handles.push(handle);
    const events = plan.generations * plan.steps.filter((step) => step === "event").length;
    for (let i = 0; i < events; i++) await hub.run(handle.raiseEvent(tick, 5));
    await hub.pass(random.int(8000));
  }
  await hub.pass(40_000);
  faulty = false;

  const failures: string[] = [];
  const check = async (handle: InstanceHandle<number>, expected: number): Promise<void> => {
    try {
      const result = await hub.run(handle.result({ timeout: "20m" }), 1_300_000);
      if (result !== expected) failures.push(`${handle.instanceId}: ${result} instead of ${expected}`);
    } catch (error) {
      failures.push(`${handle.instanceId}: ${String(error)}`);
    }
  };
  for (const [index, handle] of handles.entries()) await check(handle, expectedOf(plans[index] as Plan));
  await check(sinkHandle, signals);
  await hub.pass(120_000);
  await hub.run(Promise.all(workers.map(({ worker }) => worker.stop())).then(() => undefined));
  const { queues, tables } = hub.storage.snapshot();
  for (const [name, messages] of Object.entries(queues)) {
    if (messages.length > 0) failures.push(`${messages.length} messages left in ${name}`);
  }
  const letters = tables["SimulatedDeadLetters"] ?? [];
  for (const letter of letters) failures.push(`dead letter: ${String(letter["Reason"])}`);
  for (const row of tables["SimulatedInstances"] ?? []) {
    if (row["RuntimeStatus"] !== "Completed")
      failures.push(`row ${row.partitionKey} says ${String(row["RuntimeStatus"])}`);
  }
  return { ...counts, failures };
}

describe("the protocol on simulated storage", () => {
  it(`loses nothing and repeats nothing under crashes and pauses (${SEEDS} seeds)`, async () => {
    let crashes = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const outcome = await simulate(seed);
      crashes += outcome.crashes;
      expect({ seed, failures: outcome.failures }).toEqual({ seed, failures: [] });
    }

    expect(crashes).toBeGreaterThan(SEEDS);
  }, 600_000);
});
