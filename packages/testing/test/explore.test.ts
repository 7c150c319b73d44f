import { defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import { ConvergenceError, eventWhen, explore } from "../src";
import { runOnce } from "../src/explore/run";
import type { Run } from "../src/explore/run";
import type { Schedule } from "../src/explore/schedule";

const add = defineActivity("add", (_ctx, [a, b]: readonly [number, number]) => a + b);
const sum = defineOrchestration("sum", function* (ctx, numbers: readonly number[]) {
  let total = 0;
  for (const number of numbers) {
    total = yield* ctx.callActivity(add, [total, number] as const);
    yield* ctx.createTimer("1h");
  }
  return total;
});

const noFaults = { label: "no faults", crashAt: new Set<number>(), duplicates: () => false };

/** One run of `sum` under a schedule. */
function runSum(schedule: Partial<Schedule>): Promise<Run> {
  const plan = {
    orchestration: sum,
    orchestrations: [sum],
    input: "[1,2,3]",
    events: [],
    newWorld: () => ({ activities: [add] }),
    startTime: 0,
    takeoverMs: 1000,
    timeLimitMs: 1e12,
    patienceMs: 4000,
  };
  return runOnce(plan, { ...noFaults, ...schedule }, 10_000);
}

describe("a run", () => {
  it("without faults has no crash, no repeat and no message twice", async () => {
    const { outcome, crashes, redeliveries, calls } = await runSum({});

    expect(outcome).toEqual({ status: "Completed", output: 6 });
    expect([crashes, redeliveries, calls.length]).toEqual([0, 0, 3]);
  });

  it("takes messages twice when told, to no effect", async () => {
    let left = 5;
    const { outcome, redeliveries, calls } = await runSum({ duplicates: () => left-- > 0 });

    expect(outcome).toEqual({ status: "Completed", output: 6 });
    expect(redeliveries).toBeGreaterThan(0);
    expect(calls).toHaveLength(3);
  });

  it("has a dead worker begin nothing any more", async () => {
    const { steps } = await runSum({});

    const { outcome, calls } = await runSum({ crashAt: new Set([steps.indexOf("after 'checkpoint'")]) });

    expect(outcome).toEqual({ status: "Completed", output: 6 });
    expect(calls.map(({ outcome: end }) => end)).toEqual(["completed", "completed", "completed"]);
  });

  it("has the worker die at each step that is named", async () => {
    const { steps } = await runSum({});
    const step = steps.indexOf("before 'checkpoint'", 4);

    const { outcome, crashes, calls } = await runSum({ crashAt: new Set([0, step, step + 5]) });

    expect(step).toBeGreaterThan(0);
    expect(outcome).toEqual({ status: "Completed", output: 6 });
    expect(crashes).toBe(3);
    expect(calls.length).toBeGreaterThanOrEqual(3);
  });
});

describe("explore", () => {
  it("lets activities of a world sleep in virtual time", async () => {
    const nap = defineOrchestration("nap", function* (ctx) {
      yield* ctx.callActivity("sleepADay");
      return ctx.currentUtcDateTime.toISOString();
    });

    const report = await explore(nap, {
      crashes: "none",
      seeds: 0,
      world: (clock) => ({ activities: [defineActivity("sleepADay", () => clock.sleep(86_400_000))] }),
    });

    expect(report.expected.output).toBe("2030-01-02T00:00:00.000Z");
  });

  it("crashes before and after each operation, and sees sound code converge", async () => {
    const report = await explore(sum, { input: [1, 2, 3], activities: [add], seeds: 5 });

    expect(() => report.assertConverges()).not.toThrow();
    expect(report.expected).toEqual({ status: "Completed", output: 6 });
    expect(report.divergences).toEqual([]);
    expect(report.runs).toBeGreaterThan(20);
    expect(report.crashes).toBeGreaterThanOrEqual(report.runs - 2 - 5);
  });

  it("reports activities that a crash lets run again", async () => {
    const report = await explore(sum, { input: [1], activities: [add], seeds: 0 });

    expect(report.repeatedActivities).toEqual([
      {
        name: "add",
        idempotencyKey: "explored/0",
        times: 2,
        run: expect.stringMatching(/^crash (before|after) 'checkpoint' \(step \d+\)$/),
      },
    ]);
  });

  it("reports a side effect that happens twice", async () => {
    const charge = defineOrchestration("charge", function* (ctx) {
      yield* ctx.callActivity("chargeCard", 10);
    });
    const world = (isIdempotent: boolean) => () => {
      const charges = new Map<string, number>();
      const chargeCard = defineActivity("chargeCard", (ctx, amount: number) => {
        charges.set(isIdempotent ? ctx.idempotencyKey : `charge ${charges.size}`, amount);
      });
      return {
        activities: [chargeCard],
        observe: () => [...charges.values()].reduce((sum, amount) => sum + amount),
      };
    };

    const careless = await explore(charge, { world: world(false), seeds: 0 });
    const careful = await explore(charge, { world: world(true), seeds: 0 });

    expect(careless.expected).toEqual({ status: "Completed", observed: 10 });
    expect(careless.divergences.map(({ actual }) => actual.observed)).toContain(20);
    expect(() => careless.assertConverges()).toThrow(ConvergenceError);
    expect(() => careless.assertConverges()).toThrow(/observed: 20/);
    expect(careful.divergences).toEqual([]);
    expect(careful.repeatedActivities).toMatchObject([{ name: "chargeCard", times: 2 }]);
  });

  it("reports code that is not deterministic", async () => {
    let runs = 0;
    const fickle = defineOrchestration("fickle", function* (ctx) {
      const isEven = runs++ % 2 === 0;
      yield* ctx.callActivity(add, [1, 1] as const);
      if (isEven) yield* ctx.createTimer("1s");
      else yield* ctx.callActivity(add, [2, 2] as const);
    });

    const report = await explore(fickle, { activities: [add], seeds: 0 });

    expect(report.divergences.map(({ actual }) => actual)).toContainEqual({
      status: "Blocked",
      reason: expect.stringMatching(/History has .* replaying the code gave/),
    });
    expect(() => report.assertConverges()).toThrow(/runs with \d+ crashes: \d+ ended otherwise/);
  });

  it("raises events at their points", async () => {
    const answered = defineEvent<string>("answered");
    const ask = defineOrchestration("ask", function* (ctx) {
      yield* ctx.callActivity(add, [1, 1] as const);
      ctx.setCustomStatus("asking");
      const answer = yield* ctx.waitForExternalEvent(answered);
      return `${answer}!`;
    });

    const report = await explore(ask, {
      activities: [add],
      events: [eventWhen(({ customStatus }) => customStatus === "asking", answered, "yes")],
    });

    expect(report.expected).toEqual({ status: "Completed", output: "yes!" });
    expect(report.divergences).toEqual([]);
  });

  it("compares what normalize leaves", async () => {
    const clocked = defineOrchestration("clocked", function* (ctx) {
      yield* ctx.callActivity(add, [1, 1] as const);
      return { at: ctx.currentUtcDateTime.toISOString(), done: true };
    });
    const options = { activities: [add], seeds: 0, takeover: "1m" };

    const whole = await explore(clocked, options);
    const part = await explore(clocked, { ...options, normalize: ({ status }) => status });

    expect(whole.divergences.length).toBeGreaterThan(0);
    expect(part.divergences).toEqual([]);
  });

  it("goes through sub-orchestrations and continue-as-new", async () => {
    const child = defineOrchestration("child", function* (ctx, left: number) {
      yield* ctx.callActivity(add, [left, 1] as const);
      if (left > 0) return yield* ctx.continueAsNew(left - 1);
      return "done";
    });
    const parent = defineOrchestration("parent", function* (ctx) {
      return yield* ctx.all([ctx.callSubOrchestrator(child, 2), ctx.callSubOrchestrator(child, 1)]);
    });

    const report = await explore(parent, { activities: [add], orchestrations: [child], seeds: 20 });

    expect(report.expected.output).toEqual(["done", "done"]);
    report.assertConverges();
    expect(report.runs).toBeGreaterThan(40);
  });

  it("ends a run that does not end by itself", async () => {
    const eternal = defineOrchestration("eternal", function* (ctx) {
      yield* ctx.createTimer("1d");
      return yield* ctx.continueAsNew(undefined);
    });
    const lonely = defineOrchestration("lonely", function* (ctx) {
      yield* ctx.waitForExternalEvent("never");
    });

    await expect(explore(eternal, { timeLimit: "10d" })).rejects.toThrow(/not finished after 864000000 ms/);
    await expect(explore(eternal, { maxSteps: 50 })).rejects.toThrow(/not finished after 50 steps/);
    await expect(explore(lonely, {})).rejects.toThrow(/does not end: not finished/);
  });

  it("is the same for the same seed", async () => {
    const labels = async (seeds: readonly number[]): Promise<readonly string[]> => {
      const report = await explore(sum, {
        input: [1, 2],
        activities: [add],
        crashes: "none",
        seeds,
        normalize: () => Math.random(),
      });
      return report.divergences.map(({ run }) => run);
    };

    const [first, again, other] = [await labels([7]), await labels([7]), await labels([8])];

    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
    expect(first.at(-1)).toMatch(/^seed 7 \(crashes at steps [\d, ]+, some messages twice\)$/);
  });
});
