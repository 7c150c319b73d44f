import { defineOrchestration } from "../src";
import type { OrchestrationContext, OrchestrationGenerator } from "../src";
import { TestInstance, started } from "./support/test-instance";

describe("an orchestrator", () => {
  it("that returns at once completes in its first turn", () => {
    const test = started(function* () {
      return "done";
    });

    expect([test.status, test.output]).toEqual(["Completed", "done"]);
    expect(test.history.map(({ type }) => type)).toEqual([
      "OrchestratorStarted",
      "ExecutionStarted",
      "ExecutionCompleted",
    ]);
  });

  it("that throws before its first yield fails", () => {
    const test = started(function* () {
      throw new RangeError("at once");
    });

    expect(test.state).toMatchObject({ status: "Failed", failure: { errorType: "RangeError" } });
  });

  it("that throws in its parameters fails", () => {
    const test = started(function* (_ctx, { id }: { id: string }) {
      return id;
    });

    expect(test.state).toMatchObject({ status: "Failed", failure: { errorType: "TypeError" } });
  });

  it.each([
    ["a string", "just text"],
    ["undefined", undefined],
    ["null", null],
    ["an object", { reason: 1 }],
    ["a symbol", Symbol("s")],
  ])("that throws %s fails", (_what, thrown) => {
    const test = started(function* () {
      throw thrown;
    });

    expect(test.state.failure).toMatchObject({ errorType: "Error" });
  });

  it("goes on after a caught failure", () => {
    const test = started(function* (ctx) {
      try {
        yield* ctx.callActivity("a");
      } catch {
        return yield* ctx.callActivity("b");
      }
      return "not reached";
    });

    test.fail(0);
    test.complete(1, "instead");

    expect(test.output).toBe("instead");
  });

  it("runs finally around a wait, which may wait itself", () => {
    const test = started(function* (ctx) {
      try {
        yield* ctx.callActivity("a");
      } finally {
        yield* ctx.callActivity("clean up");
      }
    });

    test.fail(0, new Error("boom"));
    expect(test.decided).toEqual([["TaskScheduled", "clean up"]]);
    test.complete(1);

    expect(test.state.failure?.errorMessage).toBe("boom");
  });

  it("can delegate to other generators", () => {
    function* helper(ctx: OrchestrationContext): OrchestrationGenerator<number> {
      return (yield* ctx.callActivity<number>("a")) + 1;
    }
    const test = started(function* (ctx) {
      return (yield* helper(ctx)) + 1;
    });

    test.complete(0, 1);

    expect(test.output).toBe(3);
  });

  it("may wait for the same task twice", () => {
    const test = started(function* (ctx) {
      const a = ctx.callActivity<number>("a");
      return [yield* a, yield* a];
    });

    test.complete(0, 1);

    expect(test.output).toEqual([1, 1]);
  });

  it("may wait for the same failed task twice", () => {
    const test = started(function* (ctx) {
      const a = ctx.callActivity<number>("a");
      const errors: unknown[] = [];
      for (let i = 0; i < 2; i++) {
        try {
          yield* a;
        } catch (error) {
          errors.push(error);
        }
      }
      return errors[0] === errors[1];
    });

    test.fail(0);

    expect(test.output).toBe(true);
  });

  it.each([
    ["a promise", Promise.resolve(1), "a promise"],
    ["null", null, "null"],
    ["undefined", undefined, "a value of type undefined"],
    ["an array of tasks", [], "a value of type object"],
    ["a number", 1, "a value of type number"],
  ])("that yields %s gets a TypeError it can catch", (_what, value, words) => {
    const test = started(function* () {
      try {
        yield value as never;
      } catch (error) {
        return [(error as Error).name, (error as Error).message];
      }
      return "not reached";
    });

    expect(test.output).toEqual([
      "TypeError",
      `An orchestrator can wait only for tasks of its context, but it yielded ${words}. Do the work in an activity and yield ctx.callActivity(...).`,
    ]);
  });

  it.each([
    ["undefined", undefined],
    ["a promise", Promise.resolve()],
    ["an iterable that is no generator", [1]],
  ])("that returns %s instead of a generator fails", (_what, value) => {
    const test = started(() => value as never);

    expect(test.state).toMatchObject({
      status: "Failed",
      failure: { errorType: "InvalidDefinition", errorMessage: expect.stringContaining("function*") },
    });
  });

  it.each([[0], [""], [false], [null]])("returns %j as its result", (value) => {
    const test = started(function* () {
      return value;
    });

    expect(test.state.output).toBe(JSON.stringify(value));
  });

  it("that returns nothing has no output", () => {
    const test = started(function* () {});

    expect(test.state).not.toHaveProperty("output");
  });

  it.each([[0], [""], [false], [null], [undefined]])("gets an input of %j as it is", (value) => {
    const test = started(
      function* (_ctx, input) {
        return [input === undefined, input];
      },
      { input: value },
    );

    expect(test.output).toEqual([value === undefined, value ?? null]);
  });

  it("fails when its result has no JSON form", () => {
    const test = started(function* () {
      return 1n;
    });

    expect(test.state).toMatchObject({ status: "Failed", failure: { errorType: "NotSerializable" } });
  });

  it("carries __proto__ keys as data", () => {
    const test = started(
      function* (_ctx, input) {
        return input;
      },
      { input: JSON.parse('{"__proto__":{"polluted":true}}') },
    );

    expect(test.state.output).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("at scale", () => {
  it("200,000 yields of settled tasks need no stack", () => {
    const test = started(
      function* (ctx) {
        const a = ctx.callActivity<number>("a");
        yield* a;
        let sum = 0;
        for (let i = 0; i < 200_000; i++) sum += yield* a;
        return sum;
      },
      { compareCold: false },
    );

    test.complete(0, 1);

    expect(test.output).toBe(200_000);
  });

  it("a fan-out ten times wider takes about ten times longer", () => {
    const time = (width: number): number => {
      const test = new TestInstance(
        [
          defineOrchestration("test", function* (ctx) {
            const tasks = Array.from({ length: width }, (_, i) => ctx.callActivity<number>("a", i));
            return (yield* ctx.all(tasks)).length;
          }),
        ],
        { compareCold: false },
      );
      test.start("test");
      const results = Array.from({ length: width }, (_, i) => test.message.completed(i, i));
      const before = process.cpuUsage();
      test.deliver(...results.slice(0, width / 2));
      test.goCold();
      test.deliver(...results.slice(width / 2));
      const { user } = process.cpuUsage(before);
      expect(test.output).toBe(width);
      return user;
    };
    time(1000); // warms up

    const small = Math.max(time(1000), 5000);

    expect(time(10_000) / small).toBeLessThan(40);
  });

  it("10,000 results that come one by one cost the same each", () => {
    const width = 10_000;
    const test = started(
      function* (ctx) {
        const tasks = Array.from({ length: width }, (_, i) => ctx.callActivity<number>("a", i));
        return (yield* ctx.all(tasks)).length;
      },
      { compareCold: false },
    );
    const tenths = Array.from({ length: 10 }, (_, tenth) => {
      const before = process.cpuUsage();
      for (let i = 0; i < width / 10; i++) test.complete((tenth * width) / 10 + i);
      return process.cpuUsage(before).user;
    });

    expect(test.output).toBe(width);
    expect(Math.min(...tenths.slice(5))).toBeLessThan(5 * Math.max(...tenths.slice(0, 5)));
  });

  it("a task that wins no race keeps nothing of the races it lost", () => {
    const test = started(
      function* (ctx) {
        const never = ctx.waitForExternalEvent("never");
        for (let i = 0; i < 20_000; i++) yield* ctx.any([never, ctx.callActivity("a")]);
        return "done";
      },
      { compareCold: false },
    );

    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 100; i++) test.complete(i);

    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6);
    expect(test.status).toBe("Running");
  });
});
