import { TaskCancelledError, defineOrchestration } from "../src";
import { T0 } from "./support/history";
import { TestHub } from "./support/test-hub";
import { started } from "./support/test-instance";

describe("createTimer", () => {
  it.each<[string, Date | number | string, number]>([
    ["a date", new Date(T0 + 90_000), T0 + 90_000],
    ["milliseconds from now", 1500, T0 + 1500],
    ["a duration from now", "1h 30m", T0 + 5_400_000],
    ["the epoch", new Date(0), 0],
    ["zero", 0, T0],
    ["ninety days", "90d", T0 + 90 * 86_400_000],
    ["the year 9999", new Date(Date.UTC(9999, 11, 31)), Date.UTC(9999, 11, 31)],
  ])("is due at %s", (_what, when, fireAt) => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer(when);
      yield* timer;
      return timer.fireAt.getTime();
    });

    expect(test.outbox.messages).toMatchObject([
      {
        visibleAt: fireAt,
        instanceId: "i1",
        executionId: test.state.executionId,
        event: { type: "TimerFired" },
      },
    ]);

    test.fire(0);

    expect(test.output).toBe(fireAt);
  });

  it.each<[unknown]>([
    [new Date(Number.NaN)],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [-1],
    ["tomorrow"],
    [""],
    ["-5s"],
    [9e15],
    [undefined],
    [null],
    [{}],
  ])("refuses %p in user code", (when) => {
    const test = started(function* (ctx) {
      try {
        yield* ctx.createTimer(when as number);
      } catch (error) {
        return (error as { code: string }).code;
      }
      return "not reached";
    });

    expect(test.output).toBe("InvalidArgument");
  });

  it("counts from the time of the turn, not of the machine", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("a");
      yield* ctx.createTimer("1s");
    });
    test.now = T0 + 60_000;
    test.complete(0);

    expect(test.outbox.messages[0]?.visibleAt).toBe(T0 + 61_000);
  });

  it("is due at whole milliseconds", () => {
    const test = started(function* (ctx) {
      yield* ctx.createTimer(10.4);
    });

    expect(test.outbox.messages[0]?.visibleAt).toBe(T0 + 10);
  });

  it("resumes code not before the time it was due, even on a clock that lags", () => {
    const test = started(function* (ctx) {
      yield* ctx.createTimer("1m");
      return ctx.currentUtcDateTime.getTime();
    });

    test.deliver(test.timer(0)); // this machine's clock still says T0

    expect(test.output).toBe(T0 + 60_000);
  });

  it("goes on in the order of the due times when several are overdue", () => {
    const test = started(function* (ctx) {
      const order: string[] = [];
      const wait = (name: string, ms: number) =>
        ctx.run(function* () {
          yield* ctx.createTimer(ms);
          order.push(name);
        });
      const event = ctx.run(function* () {
        yield* ctx.waitForExternalEvent("e");
        order.push("event");
      });
      yield* ctx.all([wait("third", 900), wait("first", 100), wait("second", 500), event]);
      return order;
    });
    test.now = T0 + 1000;

    test.deliver(test.timer(0), test.message.event("e"), test.timer(1), test.timer(2));

    expect(test.output).toEqual(["first", "event", "second", "third"]);
  });

  it("creates a thousand in one turn", () => {
    const orchestration = defineOrchestration("many", function* (ctx) {
      const timers = Array.from({ length: 1000 }, (_, i) => ctx.createTimer((i * 7919) % 1000));
      yield* ctx.all(timers);
      return ctx.currentUtcDateTime.getTime();
    });
    const hub = new TestHub([orchestration], {}, { compareCold: false });

    const test = hub.start("many");
    hub.run();

    expect(test.output).toBe(T0 + 999);
  });

  it("shows its name to operators", () => {
    const test = started(function* (ctx) {
      yield* ctx.createTimer(1, { name: "grace period" });
    });

    expect(test.events("TimerCreated")).toMatchObject([{ name: "grace period" }]);
  });
});

describe("cancel", () => {
  it("removes the timer and throws TaskCancelledError where it is waited for", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer("1h");
      yield* ctx.waitForExternalEvent("stop");
      timer.cancel();
      try {
        yield* timer;
      } catch (error) {
        yield* ctx.waitForExternalEvent("end");
        return [TaskCancelledError.is(error), timer.isCancelled, timer.isCompleted];
      }
      return "not reached";
    });

    test.raise("stop");
    expect(test.checkpoint.cancelledTimers).toEqual([test.timer(0).id]);
    test.raise("end");

    expect(test.output).toEqual([true, true, true]);
  });

  it("does nothing once the timer has fired, nor a second time", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer(0);
      yield* timer;
      timer.cancel();
      const other = ctx.createTimer(0);
      other.cancel();
      other.cancel();
      return [timer.isCancelled, other.isCancelled];
    });

    test.fire(0);

    expect(test.output).toEqual([false, true]);
  });

  it("sends nothing for a timer created and cancelled in the same turn", () => {
    const test = started(function* (ctx) {
      ctx.createTimer("1h").cancel();
      yield* ctx.waitForExternalEvent("go on");
    });

    expect(test.decided).toEqual([["TimerCreated", undefined]]);
    expect(test.outbox.messages).toEqual([]);
  });

  it("wakes another routine that waits for the timer", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer("1h");
      const sleeper = ctx.run(function* () {
        try {
          yield* timer;
        } catch {
          return "woken";
        }
        return "slept";
      });
      timer.cancel();
      return yield* sleeper;
    });

    expect(test.output).toBe("woken");
  });

  it("drops the message that comes nevertheless", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer("1h");
      yield* ctx.waitForExternalEvent("stop");
      timer.cancel();
      yield* ctx.waitForExternalEvent("end");
    });
    const message = test.timer(0);
    test.raise("stop");

    expect(test.deliver(message).checkpoint).toBeUndefined();
  });

  it("works a thousand times in a loop without leaving messages", () => {
    const test = started(
      function* (ctx) {
        for (let i = 0; i < 1000; i++) {
          const timer = ctx.createTimer("1h");
          yield* ctx.any([timer, ctx.waitForExternalEvent("tick")]);
          timer.cancel();
        }
      },
      { compareCold: false },
    );

    for (let i = 0; i < 1000; i++) test.raise("tick");

    expect(test.status).toBe("Completed");
    expect([...test.sent.keys()].filter((id) => !test.cancelled.has(id))).toEqual([]);
  });
});

describe("a timer that lost its race", () => {
  it("is removed from storage at the end of the turn", () => {
    const test = started(function* (ctx) {
      yield* ctx.any([ctx.createTimer("1h"), ctx.waitForExternalEvent("go")]);
      yield* ctx.waitForExternalEvent("end");
    });

    test.raise("go");

    expect(test.checkpoint.cancelledTimers).toEqual([test.timer(0).id]);
  });

  it("keeps running while it is waited for again in the same turn", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer("1h");
      for (;;) {
        const winner = yield* ctx.any([timer, ctx.waitForExternalEvent("tick")]);
        if (winner === timer) return "timed out";
      }
    });

    test.raise("tick");
    test.raise("tick");
    expect(test.checkpoint.cancelledTimers).toEqual([]);
    test.fire(0);

    expect(test.output).toBe("timed out");
    expect(test.events("TimerCreated")).toHaveLength(1);
  });

  it("is armed again for the same moment when it is waited for later", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer("1h");
      yield* ctx.any([timer, ctx.waitForExternalEvent("go")]);
      yield* ctx.callActivity("between");
      yield* timer;
      return timer.fireAt.getTime();
    });

    test.raise("go");
    test.now += 60_000;
    test.complete(1);
    expect(test.outbox.messages).toMatchObject([{ visibleAt: T0 + 3_600_000, event: { timerId: 2 } }]);
    test.fire(2);

    expect(test.output).toBe(T0 + 3_600_000);
  });

  it("fires at once when its moment has passed in between", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer("1h");
      yield* ctx.any([timer, ctx.waitForExternalEvent("go")]);
      yield* ctx.callActivity("between");
      yield* timer;
      return "fired";
    });

    test.raise("go");
    test.now += 7_200_000;
    test.complete(1);
    expect(test.outbox.messages[0]?.visibleAt).toBeLessThan(test.now);
    test.fire(2);

    expect(test.output).toBe("fired");
  });

  it("counts as fired when its message is in the same batch as the winner", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer("1h");
      const winner = yield* ctx.any([timer, ctx.waitForExternalEvent("go")]);
      yield* timer;
      return winner === timer ? "timer" : "event";
    });
    test.now += 3_600_000;

    test.deliver(test.message.event("go"), test.timer(0));

    expect(test.output).toBe("event");
  });

  it("is cancelled when the instance ends", () => {
    const test = started(function* (ctx) {
      ctx.createTimer("90d");
      yield* ctx.callActivity("a");
    });

    test.complete(1);

    expect(test.status).toBe("Completed");
    expect(test.checkpoint.cancelledTimers).toEqual([test.timer(0).id]);
  });
});

describe("withTimeout", () => {
  it("fails with TaskTimeoutError when the task has not ended in time", () => {
    const test = started(function* (ctx) {
      try {
        yield* ctx.withTimeout(ctx.callActivity("slow"), "5s");
      } catch (error) {
        return (error as Error).message;
      }
      return "not reached";
    });

    test.fire(1);

    expect(test.output).toBe("The task did not finish within 5000 ms.");
  });

  it("gives the task's own result or failure in time", () => {
    const test = started(function* (ctx) {
      const good = yield* ctx.withTimeout(ctx.callActivity<string>("good"), "5s");
      try {
        yield* ctx.withTimeout(ctx.callActivity("bad"), "5s");
      } catch (error) {
        return [good, (error as Error).message];
      }
      return "not reached";
    });

    test.complete(0, "result");
    test.fail(2, new Error("boom"));

    expect(test.output).toEqual(["result", "Activity 'bad' failed: boom"]);
  });

  it("lets whatever came first in history win", () => {
    const test = started(function* (ctx) {
      const limited = ctx.withTimeout(ctx.callActivity("work"), "5s");
      yield* ctx.waitForExternalEvent("look");
      try {
        return yield* limited;
      } catch {
        return "timed out";
      }
    });

    test.fire(1);
    test.complete(0, "late");
    test.raise("look");

    expect(test.output).toBe("timed out");
  });
});
