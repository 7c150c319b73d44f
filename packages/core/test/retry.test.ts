import { NonRetriableError, TaskFailedError, TaskTimeoutError } from "../src";
import type { RetryContext, RetryPolicy } from "../src";
import { T0 } from "./support/history";
import { started } from "./support/test-instance";
import type { TestInstance } from "./support/test-instance";

function flaky(retry: RetryPolicy): TestInstance {
  return started(function* (ctx) {
    return yield* ctx.callActivity("flaky", "input", { retry });
  });
}

/** Delay in milliseconds of the timer the last turn created. */
function delay(test: TestInstance): number | undefined {
  const timer = test.outbox.messages.find(({ event }) => event.type === "TimerFired");
  return timer?.visibleAt === undefined ? undefined : timer.visibleAt - test.now;
}

describe("retry", () => {
  it("tries again after the interval, under the same key and input", () => {
    const test = flaky({ maxAttempts: 3, firstRetryInterval: "2s" });

    test.fail(0);
    expect(delay(test)).toBe(2000);
    test.fire(1);
    expect(test.outbox.activities).toMatchObject([
      { taskScheduledId: 2, attempt: 2, firstAttemptId: 0, input: '"input"' },
    ]);
    test.complete(2, "at last");

    expect(test.output).toBe("at last");
  });

  it("creates no timer after the only attempt", () => {
    const test = flaky({ maxAttempts: 1 });

    test.fail(0);

    expect(test.status).toBe("Failed");
    expect(test.events("TimerCreated")).toEqual([]);
  });

  it("throws the last failure when attempts are used up", () => {
    const test = flaky({ maxAttempts: 2 });

    test.fail(0, new Error("first"));
    test.fire(1);
    test.fail(2, new Error("last"));

    expect(test.state.failure?.errorMessage).toBe("last");
  });

  it("multiplies the interval up to the longest", () => {
    const test = flaky({
      maxAttempts: 5,
      firstRetryInterval: 1000,
      backoffCoefficient: 3,
      maxRetryInterval: 5000,
    });
    const delays: (number | undefined)[] = [];

    for (const id of [0, 2, 4, 6]) {
      test.fail(id);
      delays.push(delay(test));
      test.fire(id + 1);
    }

    expect(delays).toEqual([1000, 3000, 5000, 5000]);
  });

  it("stays at the longest interval when the coefficient overflows", () => {
    const test = flaky({
      maxAttempts: 4,
      firstRetryInterval: 1000,
      backoffCoefficient: 1e300,
      maxRetryInterval: "1h",
    });
    const delays: (number | undefined)[] = [];

    for (const id of [0, 2, 4]) {
      test.fail(id);
      delays.push(delay(test));
      test.fire(id + 1);
    }

    expect(delays).toEqual([1000, 3_600_000, 3_600_000]);
  });

  it("has no delay when the first interval is zero, whatever the coefficient", () => {
    const test = flaky({ maxAttempts: 4, firstRetryInterval: 0, backoffCoefficient: 1e300 });

    for (const id of [0, 2, 4]) {
      test.fail(id);
      expect(delay(test)).toBe(0);
      test.fire(id + 1);
    }
  });

  it("starts no attempt later than the timeout", () => {
    const test = flaky({ maxAttempts: 10, firstRetryInterval: 4000, retryTimeout: 10_000 });

    test.fail(0);
    test.fire(1);
    test.fail(2);
    test.fire(3);
    test.fail(4);

    expect(test.status).toBe("Failed");
    expect(test.now - T0).toBe(8000);
  });

  it("gives up at once when the timeout is shorter than the first interval", () => {
    const test = flaky({ maxAttempts: 10, firstRetryInterval: 4000, retryTimeout: 3999 });

    test.fail(0);

    expect(test.status).toBe("Failed");
  });

  it("draws jitter deterministically within its part of the delay", () => {
    const delays = [1, 2].map(() => {
      const test = started(
        function* (ctx) {
          yield* ctx.callActivity("flaky", undefined, {
            retry: { maxAttempts: 2, firstRetryInterval: 10_000, jitter: 0.5 },
          });
        },
        { executionId: "e".repeat(32) },
      );
      test.fail(0);
      return delay(test);
    });

    expect(delays[0]).toBe(delays[1]);
    expect(delays[0]).toBeGreaterThanOrEqual(5000);
    expect(delays[0]).toBeLessThan(10_000);
    expect(Number.isInteger(delays[0])).toBe(true);
  });

  it("asks the filter about each failure", () => {
    const seen: string[] = [];
    const test = flaky({
      maxAttempts: 5,
      filter: ({ errorType, errorMessage }) => {
        seen.push(errorMessage);
        return errorType !== "TypeError";
      },
    });

    test.fail(0, new Error("transient"));
    test.fire(1);
    test.fail(2, new TypeError("permanent"));

    expect(test.status).toBe("Failed");
    expect(new Set(seen)).toEqual(new Set(["transient", "permanent"]));
  });

  it("does not retry what says that no retry can help", () => {
    const test = flaky({ maxAttempts: 5, handler: () => true });

    test.fail(0, new NonRetriableError("gone for good"));

    expect(test.state.failure).toMatchObject({ errorMessage: "gone for good", isNonRetriable: true });
  });

  it("counts a timeout of an attempt as a failure to retry", () => {
    const test = started(function* (ctx) {
      try {
        return yield* ctx.callActivity("slow", undefined, { timeout: "1s", retry: { maxAttempts: 2 } });
      } catch (error) {
        return TaskTimeoutError.is(error);
      }
    });

    test.fire(1);
    test.fire(2);
    expect(test.outbox.activities).toMatchObject([{ attempt: 2, timeoutMs: 1000 }]);
    test.fire(4);

    expect(test.output).toBe(true);
  });

  it("goes on while another branch of a race wins", () => {
    const test = started(function* (ctx) {
      const retried = ctx.callActivity("flaky", undefined, { retry: { maxAttempts: 2 } });
      yield* ctx.any([retried, ctx.waitForExternalEvent("stop")]);
      return yield* retried;
    });

    test.fail(0);
    test.raise("stop");
    test.fire(1);
    test.complete(2, "in the end");

    expect(test.output).toBe("in the end");
  });

  it("has its pending timer removed when the generation ends", () => {
    const test = started(function* (ctx) {
      const retried = ctx.callActivity("flaky", undefined, { retry: { maxAttempts: 2 } });
      yield* ctx.any([retried, ctx.waitForExternalEvent("stop")]);
      return "stopped";
    });
    test.fail(0);
    const timer = test.timer(1);

    test.raise("stop");

    expect(test.status).toBe("Completed");
    expect(test.checkpoint.cancelledTimers).toEqual([timer.id]);
  });

  it("starts a failed child again under the same explicit id", () => {
    const test = started(function* (ctx) {
      return yield* ctx.callSubOrchestrator<string>("child", 1, {
        instanceId: "c1",
        retry: { maxAttempts: 2 },
      });
    });
    const [first] = test.outbox.messages;

    test.deliver(test.message.childFailed(0));
    test.fire(1);
    const [second] = test.outbox.messages;
    test.deliver(test.message.childCompleted(2, "done"));

    expect(test.output).toBe("done");
    expect([first?.instanceId, second?.instanceId]).toEqual(["c1", "c1"]);
    expect(first?.event).toMatchObject({ type: "ExecutionStarted", input: "1" });
    expect(second?.event).toMatchObject({ type: "ExecutionStarted", input: "1" });
    expect((first?.event as { executionId: string }).executionId).not.toBe(
      (second?.event as { executionId: string }).executionId,
    );
  });

  it("retries a child without explicit id under a new one", () => {
    const test = started(function* (ctx) {
      return yield* ctx.callSubOrchestrator<string>("child", 1, { retry: { maxAttempts: 2 } });
    });
    const [first] = test.outbox.messages;

    test.deliver(test.message.childFailed(0));
    test.fire(1);

    expect(test.outbox.messages[0]?.instanceId).not.toBe(first?.instanceId);
  });
});

describe("retry.handler", () => {
  it("is told the attempt, the failure and the time since the first", () => {
    let last: RetryContext | undefined;
    const test = flaky({
      maxAttempts: 5,
      firstRetryInterval: 3000,
      handler: (context) => {
        last = context;
        return true;
      },
    });

    test.fail(0, new Error("one"));
    test.fire(1);
    test.fail(2, new Error("two"));

    expect(last).toMatchObject({ attempt: 2, elapsedMs: 3000, failure: { errorMessage: "two" } });
  });

  it("replaces the delay by a duration of its own", () => {
    const test = flaky({ maxAttempts: 5, handler: ({ attempt }) => (attempt === 1 ? "1m" : 250) });

    test.fail(0);
    expect(delay(test)).toBe(60_000);
    test.fire(1);
    test.fail(2);
    expect(delay(test)).toBe(250);
  });

  it("retries without delay for 0", () => {
    const test = flaky({ maxAttempts: 5, handler: () => 0 });

    test.fail(0);

    expect(delay(test)).toBe(0);
  });

  it("gives up for false", () => {
    const test = flaky({ maxAttempts: 5, handler: () => false });

    test.fail(0, new Error("enough"));

    expect(test.state.failure?.errorMessage).toBe("enough");
  });

  it.each([[Number.NaN], [-1], [Number.POSITIVE_INFINITY], ["soon"]])("fails the task for %p", (verdict) => {
    const test = flaky({ maxAttempts: 5, handler: () => verdict });

    test.fail(0);

    expect(test.state.failure).toMatchObject({
      errorType: "InvalidArgument",
      errorMessage: expect.stringContaining("The retry delay is"),
    });
  });

  it("fails the task with what it throws", () => {
    const test = flaky({
      maxAttempts: 5,
      handler: () => {
        throw new RangeError("bad handler");
      },
    });

    test.fail(0);

    expect(test.state.failure).toMatchObject({ errorType: "RangeError", errorMessage: "bad handler" });
  });

  it("still ends after the last attempt", () => {
    const test = flaky({ maxAttempts: 2, handler: () => 0 });

    test.fail(0);
    test.fire(1);
    test.fail(2);

    expect(test.status).toBe("Failed");
  });
});

describe("a retry policy", () => {
  it.each<[string, RetryPolicy]>([
    ["retry.maxAttempts", { maxAttempts: 0 }],
    ["retry.maxAttempts", { maxAttempts: 1.5 }],
    ["retry.maxAttempts", { maxAttempts: Number.NaN }],
    ["retry.backoffCoefficient", { maxAttempts: 2, backoffCoefficient: 0.5 }],
    ["retry.backoffCoefficient", { maxAttempts: 2, backoffCoefficient: Number.POSITIVE_INFINITY }],
    ["retry.jitter", { maxAttempts: 2, jitter: 2 }],
    ["retry.firstRetryInterval", { maxAttempts: 2, firstRetryInterval: -1 }],
    ["retry.maxRetryInterval", { maxAttempts: 2, maxRetryInterval: "long" }],
    ["retry.retryTimeout", { maxAttempts: 2, retryTimeout: Number.NaN }],
  ])("is refused by the name of its bad field: %s", (field, retry) => {
    const test = started(function* (ctx) {
      try {
        yield* ctx.callActivity("a", undefined, { retry });
      } catch (error) {
        return [TaskFailedError.is(error), (error as Error).message];
      }
      return undefined;
    });

    expect(test.output).toEqual([false, expect.stringContaining(`${field} is`)]);
    expect(test.outbox.activities).toEqual([]);
  });
});
