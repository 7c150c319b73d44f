import { defineOrchestration } from "../src";
import { T0 } from "./support/history";
import { TestHub } from "./support/test-hub";
import { TestInstance, started } from "./support/test-instance";

function twoSteps(options: Parameters<typeof started>[1] = {}): TestInstance {
  return started(function* (ctx) {
    const first = yield* ctx.callActivity("first");
    const second = yield* ctx.callActivity("second");
    return [first, second];
  }, options);
}

describe("suspend", () => {
  it("holds what arrives, and resume applies it in order", () => {
    const test = started(function* (ctx) {
      const seen: unknown[] = [];
      for (let i = 0; i < 3; i++) seen.push(yield* ctx.waitForExternalEvent("e"));
      return seen;
    });

    test.deliver(test.message.suspend());
    expect(test.status).toBe("Suspended");
    test.raise("e", 1);
    test.raise("e", 2);
    test.raise("e", 3);
    expect(test.status).toBe("Suspended");
    test.deliver(test.message.resume());

    expect(test.output).toEqual([1, 2, 3]);
  });

  it("holds results and timers that come due", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer("1m");
      const activity = ctx.callActivity("a");
      const winner = yield* ctx.any([activity, timer]);
      return winner === timer ? "timer" : "activity";
    });

    test.deliver(test.message.suspend());
    test.fire(0);
    test.complete(1);
    expect(test.status).toBe("Suspended");
    test.deliver(test.message.resume());

    expect(test.output).toBe("timer");
  });

  it("that comes after the resume that undoes it is undone", () => {
    const test = twoSteps();
    const suspend = test.message.suspend();
    test.now += 1000;
    test.deliver(test.message.resume());

    test.deliver(suspend);

    expect(test.status).toBe("Running");
  });

  it("that comes after the resume that undoes it is undone, in the next generation too", () => {
    const test = started(function* (ctx) {
      const again = yield* ctx.callActivity<boolean>("again");
      if (again) return yield* ctx.continueAsNew(undefined);
      return "done";
    });
    const suspend = test.message.suspend();
    test.now += 1000;
    test.deliver(test.message.resume());
    test.complete(0, true);

    test.deliver(suspend);
    test.complete(0, false);

    expect(test.output).toBe("done");
  });

  it("is undone by one resume, however often it was asked for", () => {
    const test = twoSteps();

    test.deliver(test.message.suspend());
    test.deliver(test.message.suspend());
    test.deliver(test.message.resume());
    expect(test.status).toBe("Running");
    test.complete(0);

    expect(test.decided).toEqual([["TaskScheduled", "second"]]);
  });

  it("and resume in one batch come to nothing", () => {
    const test = twoSteps();

    test.deliver(test.message.suspend(), test.message.completed(0, 1), test.message.resume());

    expect(test.status).toBe("Running");
    expect(test.decided).toEqual([["TaskScheduled", "second"]]);
  });

  it("after resume in one batch stays", () => {
    const test = twoSteps();
    test.deliver(test.message.suspend());

    test.deliver(test.message.resume(), test.message.suspend());

    expect(test.status).toBe("Suspended");
  });

  it("lets decisions made before it in the same batch out", () => {
    const test = twoSteps();

    test.deliver(test.message.completed(0), test.message.suspend());

    expect(test.status).toBe("Suspended");
    expect(test.outbox.activities).toMatchObject([{ name: "second" }]);
  });

  it("does not keep a termination from taking effect", () => {
    const test = twoSteps();

    test.deliver(test.message.suspend());
    test.deliver(test.message.terminate("enough"));

    expect(test.status).toBe("Terminated");
  });

  it("drops what it held when the instance ends on resume", () => {
    const test = started(function* (ctx) {
      return yield* ctx.waitForExternalEvent("e");
    });

    test.deliver(test.message.suspend());
    test.deliver(test.message.event("e", 1), test.message.event("e", 2));
    test.deliver(test.message.resume());

    expect(test.output).toBe(1);
  });

  it("takes effect after the code has run when it is in the batch of the start", () => {
    const test = new TestInstance([
      defineOrchestration("test", function* (ctx) {
        return yield* ctx.callActivity("a");
      }),
    ]);

    test.deliver(test.message.suspend(), test.message.start("test"));

    expect(test.status).toBe("Suspended");
    expect(test.outbox.activities).toHaveLength(1);
  });
});

describe("resume", () => {
  it("does nothing to an instance that is not suspended", () => {
    const test = twoSteps();

    test.deliver(test.message.resume());

    expect(test.status).toBe("Running");
  });
});

describe("terminate", () => {
  it("ends the instance with the reason and removes its timers", () => {
    const test = started(function* (ctx) {
      yield* ctx.createTimer("90d");
    });
    const timer = test.timer(0);

    test.deliver(test.message.terminate("not needed any more"));

    expect(test.status).toBe("Terminated");
    expect(test.state.failure).toEqual({
      errorType: "OrchestrationTerminated",
      errorMessage: "not needed any more",
      isNonRetriable: true,
    });
    expect(test.state.completedAt).toBe(T0);
    expect(test.checkpoint.cancelledTimers).toEqual([timer.id]);
  });

  it("needs no reason", () => {
    const test = twoSteps();

    test.deliver(test.message.terminate());

    expect(test.state.failure?.errorMessage).toBe("Instance 'i1' was terminated.");
  });

  it("runs no more code, not even finally", () => {
    let finals = 0;
    const test = started(function* (ctx) {
      try {
        yield* ctx.callActivity("a");
      } finally {
        finals++;
      }
    });

    test.deliver(test.message.terminate(), test.message.completed(0));

    expect(finals).toBe(0);
  });

  it("loses against an end that came before it in the batch", () => {
    const test = started(function* (ctx) {
      return yield* ctx.callActivity("a");
    });

    test.deliver(test.message.completed(0, "first"), test.message.terminate());

    expect([test.status, test.output]).toEqual(["Completed", "first"]);
  });

  it("happens once", () => {
    const test = twoSteps();

    test.deliver(test.message.terminate("one"), test.message.terminate("two"));
    expect(test.deliver(test.message.terminate("three")).checkpoint).toBeUndefined();

    expect(test.state.failure?.errorMessage).toBe("one");
  });

  it("leaves a finished instance as it is", () => {
    const test = started(function* () {
      return "done";
    });

    expect(test.deliver(test.message.terminate()).checkpoint).toBeUndefined();
  });

  it("leaves children alone unless it is recursive", () => {
    const test = started(function* (ctx) {
      yield* ctx.callSubOrchestrator("child", undefined, { instanceId: "c1" });
    });

    test.deliver(test.message.terminate());

    expect(test.outbox.messages).toEqual([]);
  });

  it("reaches the children and theirs when it is recursive", () => {
    const family = defineOrchestration("family", function* (ctx, depth: number) {
      if (depth > 0) yield* ctx.callSubOrchestrator("family", depth - 1, { instanceId: `child-${depth}` });
      else yield* ctx.waitForExternalEvent("never");
    });
    const hub = new TestHub([family]);
    const test = hub.start("family", 2, "root");
    hub.run();

    hub.send(test.message.terminate("all of you", true));
    hub.run();

    expect([...hub.instances.values()].map(({ status }) => status)).toEqual([
      "Terminated",
      "Terminated",
      "Terminated",
    ]);
    expect(hub.instance("child-1").state.failure?.errorMessage).toBe("all of you");
  });

  it("does not reach children that have ended", () => {
    const test = started(function* (ctx) {
      yield* ctx.callSubOrchestrator("child", undefined, { instanceId: "c1" });
      yield* ctx.callSubOrchestrator("child", undefined, { instanceId: "c2" });
    });
    test.deliver(test.message.childCompleted(0));

    test.deliver(test.message.terminate("stop", true));

    expect(test.outbox.messages.map(({ instanceId }) => instanceId)).toEqual(["c2"]);
  });

  it("tells the parent", () => {
    const test = twoSteps({ parent: { name: "p", instanceId: "p1", executionId: "e1", taskScheduledId: 7 } });

    test.deliver(test.message.terminate("enough"));

    expect(test.outbox.messages).toMatchObject([
      {
        instanceId: "p1",
        executionId: "e1",
        event: {
          type: "SubOrchestrationInstanceFailed",
          taskScheduledId: 7,
          failure: { errorMessage: "enough" },
        },
      },
    ]);
  });
});

describe("a delayed start", () => {
  const at = T0 + 3_600_000;

  it("runs no code before its time", () => {
    const test = twoSteps({ scheduledStartTime: at });

    expect(test.status).toBe("Pending");
    expect(test.outbox).toMatchObject({
      activities: [],
      messages: [{ visibleAt: at, event: { type: "TimerFired" } }],
    });

    test.fire(-1);

    expect(test.status).toBe("Running");
    expect(test.outbox.activities).toMatchObject([{ name: "first", scheduledAt: at }]);
  });

  it("keeps events for the code", () => {
    const test = started(
      function* (ctx) {
        return [yield* ctx.waitForExternalEvent("a"), yield* ctx.waitForExternalEvent("b")];
      },
      { scheduledStartTime: at },
    );

    test.raise("b", 2);
    test.raise("a", 1);
    expect(test.status).toBe("Pending");
    test.fire(-1);

    expect(test.output).toEqual([1, 2]);
  });

  it("in the past is no delay", () => {
    const test = twoSteps({ scheduledStartTime: T0 - 1 });

    expect(test.status).toBe("Running");
    expect(test.outbox.messages).toEqual([]);
  });

  it("can be terminated, which removes its timer", () => {
    const test = twoSteps({ scheduledStartTime: at });
    const timer = test.timer(-1);

    test.deliver(test.message.terminate());

    expect(test.status).toBe("Terminated");
    expect(test.checkpoint.cancelledTimers).toEqual([timer.id]);
    expect(test.deliver(timer).checkpoint).toBeUndefined();
  });

  it("sends no timer when it is terminated in the batch of the start", () => {
    const test = new TestInstance([defineOrchestration("test", function* () {})]);

    test.deliver(test.message.terminate(), test.message.start("test", undefined, { scheduledStartTime: at }));

    expect(test.status).toBe("Terminated");
    expect(test.outbox.messages).toEqual([]);
  });

  it("can be suspended beyond its time", () => {
    const test = twoSteps({ scheduledStartTime: at });

    test.deliver(test.message.suspend());
    expect(test.status).toBe("Suspended");
    test.fire(-1);
    expect(test.outbox.activities).toEqual([]);
    test.deliver(test.message.resume());

    expect(test.outbox.activities).toMatchObject([{ name: "first" }]);
  });

  it("can be suspended and resumed before its time", () => {
    const test = twoSteps({ scheduledStartTime: at });

    test.deliver(test.message.suspend());
    test.deliver(test.message.resume());
    expect(test.status).toBe("Pending");
    test.fire(-1);

    expect(test.status).toBe("Running");
  });

  it("sends its timer even when it is suspended in the batch of the start", () => {
    const test = new TestInstance([
      defineOrchestration("test", function* () {
        return "ran";
      }),
    ]);

    test.deliver(test.message.start("test", undefined, { scheduledStartTime: at }), test.message.suspend());
    test.deliver(test.message.resume());
    test.fire(-1);

    expect(test.output).toBe("ran");
  });

  it("ignores repeats of its timer", () => {
    const test = twoSteps({ scheduledStartTime: at });
    const timer = test.timer(-1);

    test.deliver(timer, timer);

    expect(test.deliver(timer).checkpoint).toBeUndefined();
    expect(test.events("TimerFired")).toHaveLength(1);
  });

  it("is left behind by continueAsNew", () => {
    const test = started(
      function* (ctx, n: number) {
        return n === 0 ? yield* ctx.continueAsNew(1) : "done";
      },
      { input: 0, scheduledStartTime: at },
    );

    test.fire(-1);

    expect(test.output).toBe("done");
  });
});

describe("the state", () => {
  it("tells when an instance was created, changed and completed", () => {
    const test = twoSteps();
    test.now = T0 + 1000;
    test.complete(0);
    test.now = T0 + 2000;
    test.complete(1);

    expect(test.state).toMatchObject({ createdAt: T0, lastUpdatedAt: T0 + 2000, completedAt: T0 + 2000 });
  });

  it("begins anew when a finished id is started again", () => {
    const test = started(
      function* (ctx, input: unknown) {
        ctx.setCustomStatus(input);
        throw new Error("first life");
      },
      { input: 1 },
    );
    const first = test.state.executionId;

    test.deploy(
      defineOrchestration("test", function* (ctx) {
        return yield* ctx.callActivity("second life");
      }),
    );
    test.start("test");

    expect(test.state).toMatchObject({ status: "Running" });
    expect(test.state).not.toHaveProperty("failure");
    expect(test.state).not.toHaveProperty("customStatus");
    expect(test.state).not.toHaveProperty("completedAt");
    expect(test.state.executionId).not.toBe(first);
    expect(test.history.map(({ type }) => type)).toEqual([
      "OrchestratorStarted",
      "ExecutionStarted",
      "TaskScheduled",
    ]);
  });
});

describe("messages for an instance that does not exist", () => {
  it.each(["event", "suspend", "resume", "terminate", "rewind"] as const)("are undeliverable: %s", (kind) => {
    const test = new TestInstance([]);

    const turn = test.deliver(kind === "event" ? test.message.event("e") : test.message[kind]());

    expect(turn).toEqual({ undeliverable: true, logs: [] });
  });

  it("are strays when they are completions", () => {
    const test = new TestInstance([]);
    const stray = {
      ...started(function* (ctx) {
        yield* ctx.createTimer(1);
      }).timer(0),
      instanceId: "i1",
    };

    expect(test.deliver(stray)).toEqual({ undeliverable: false, logs: [] });
  });
});
