import { TaskFailedError, defineActivity, defineOrchestration } from "../src";
import { T0 } from "./support/history";
import { TestHub } from "./support/test-hub";
import { started } from "./support/test-instance";

describe("callActivity", () => {
  it("schedules when called and resumes with the result", () => {
    const test = started(
      function* (ctx, input: number) {
        return (yield* ctx.callActivity<number>("double", input)) + 1;
      },
      { input: 20 },
    );

    expect(test.status).toBe("Running");
    expect(test.outbox.activities).toMatchObject([
      { name: "double", input: "20", attempt: 1, taskScheduledId: 0, firstAttemptId: 0, instanceId: "i1" },
    ]);

    test.complete(0, 40);

    expect(test.status).toBe("Completed");
    expect(test.output).toBe(41);
  });

  it("works with plain yield", () => {
    const test = started(function* (ctx) {
      const one: number = yield ctx.callActivity<number>("one");
      return one;
    });

    test.complete(0, 1);

    expect(test.output).toBe(1);
  });

  it("takes a definition as well as a name", () => {
    const greet = defineActivity("greet", (_ctx, name: string) => `Hello ${name}`);
    const test = started(function* (ctx) {
      return yield* ctx.callActivity(greet, "Tokyo");
    });

    expect(test.outbox.activities).toMatchObject([{ name: "greet", input: '"Tokyo"' }]);
  });

  it("is scheduled in call order, waited for or not", () => {
    const test = started(function* (ctx) {
      ctx.callActivity("first");
      const second = ctx.callActivity("second");
      ctx.callActivity("third");
      yield* second;
    });

    expect(test.outbox.activities.map(({ name, taskScheduledId }) => [name, taskScheduledId])).toEqual([
      ["first", 0],
      ["second", 1],
      ["third", 2],
    ]);
  });

  it("keeps the result of an activity that ended before it was waited for", () => {
    const test = started(function* (ctx) {
      const early = ctx.callActivity<string>("early");
      yield* ctx.callActivity("late");
      return yield* early;
    });

    test.complete(0, "kept");
    test.complete(1);

    expect(test.output).toBe("kept");
  });

  it.each([[0], [""], [false], [null], [undefined], [[]], [{}]])("carries %j there and back", (value) => {
    const hub = new TestHub(
      [
        defineOrchestration("test", function* (ctx, input: unknown) {
          return [yield* ctx.callActivity("echo", input)];
        }),
      ],
      { echo: (input) => [input, typeof input] },
    );

    const test = hub.start("test", value);
    hub.run();

    expect(test.output).toEqual([[value ?? null, typeof value]]);
  });

  it("throws a TaskFailedError that carries the failure", () => {
    const test = started(function* (ctx) {
      try {
        yield* ctx.callActivity("charge");
      } catch (error) {
        if (!TaskFailedError.is(error)) throw error;
        return [error.message, error.failure.errorType, error.failure.errorMessage, error.failure.data];
      }
      return "not reached";
    });

    class CardDeclined extends Error {
      readonly data = { code: 51 };
    }
    test.fail(0, new CardDeclined("no funds"));

    expect(test.output).toEqual([
      "Activity 'charge' failed: no funds",
      "CardDeclined",
      "no funds",
      '{"code":51}',
    ]);
  });

  it("fails the instance when nothing catches the failure", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("charge");
    });

    test.fail(0, new RangeError("no funds"));

    expect(test.status).toBe("Failed");
    expect(test.state.failure).toMatchObject({ errorType: "RangeError", errorMessage: "no funds" });
  });

  it("fails with TaskTimeoutError when its time runs out, and drops the late result", () => {
    const test = started(function* (ctx) {
      try {
        return yield* ctx.callActivity("slow", undefined, { timeout: "5s" });
      } catch (error) {
        yield* ctx.waitForExternalEvent("go on");
        return (error as Error).name;
      }
    });
    expect(test.outbox.activities).toMatchObject([{ timeoutMs: 5000 }]);

    test.fire(1);
    test.complete(0, "late");
    test.raise("go on");

    expect(test.output).toBe("TaskTimeoutError");
  });

  it("keeps its timeout while nobody looks, and tells when it is completed", () => {
    const test = started(function* (ctx) {
      const limited = ctx.callActivity("slow", undefined, { timeout: "5s" });
      yield* ctx.any([limited, ctx.waitForExternalEvent("not now")]);
      yield* ctx.waitForExternalEvent("look");
      return limited.outcome?.status;
    });

    test.raise("not now");
    expect(test.checkpoint.cancelledTimers).toEqual([]);
    test.fire(1);
    test.raise("look");

    expect(test.output).toBe("failed");
  });

  it("removes the timer of a timeout when the activity ends in time", () => {
    const test = started(function* (ctx) {
      const result = yield* ctx.callActivity("fast", undefined, { timeout: "5s" });
      yield* ctx.waitForExternalEvent("go on");
      return result;
    });

    test.complete(0, "in time");

    expect(test.checkpoint.cancelledTimers).toEqual([test.timer(1).id]);
  });

  it("lets user code catch an input that has no JSON form", () => {
    const test = started(function* (ctx) {
      try {
        yield* ctx.callActivity("a", 1n);
      } catch (error) {
        return (error as Error).message;
      }
      return "not reached";
    });

    expect(test.output).toMatch(/^The input of activity 'a' cannot be serialized as JSON: /);
    expect(test.outbox.activities).toEqual([]);
  });

  it.each([[""], ["   "], ["a\nb"], ["x".repeat(257)], [undefined], [{}]])("refuses the name %j", (name) => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity(name as string);
    });

    expect(test.state.failure?.errorType).toBe("InvalidArgument");
  });

  it("stamps decisions with the time of their turn", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("a");
      yield* ctx.callActivity("b");
    });
    test.now = T0 + 5000;
    test.complete(0);

    expect(test.outbox.activities).toMatchObject([{ name: "b", scheduledAt: T0 + 5000 }]);
  });

  it("drops results that arrive after the instance has ended", () => {
    const test = started(function* (ctx) {
      ctx.callActivity("unwatched");
      yield* ctx.callActivity("watched");
    });

    test.complete(1);
    const turn = test.complete(0);

    expect(turn.checkpoint).toBeUndefined();
    expect(test.status).toBe("Completed");
  });
});
