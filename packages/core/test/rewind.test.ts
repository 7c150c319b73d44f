import { defineOrchestration } from "../src";
import type { OrchestrationHandler } from "../src";
import { TestHub } from "./support/test-hub";
import { started } from "./support/test-instance";

describe("rewind", () => {
  it("tries the failed activity again and keeps what succeeded", () => {
    const test = started(function* (ctx) {
      const a = yield* ctx.callActivity("a");
      const b = yield* ctx.callActivity("b");
      return [a, b];
    });
    test.complete(0, 1);
    test.fail(1);
    const failed = test.state;

    test.deliver(test.message.rewind());

    expect(test.status).toBe("Running");
    expect(test.state.executionId).not.toBe(failed.executionId);
    expect(test.state).not.toHaveProperty("failure");
    expect(test.state).not.toHaveProperty("completedAt");
    expect(test.outbox.activities).toMatchObject([{ name: "b", executionId: test.state.executionId }]);
    test.complete(1, 2);
    expect(test.output).toEqual([1, 2]);
  });

  it("goes on hot or cold", () => {
    const code: OrchestrationHandler<void, unknown> = function* (ctx) {
      const a = yield* ctx.callActivity("a");
      yield* ctx.createTimer("1h");
      return [a, yield* ctx.callActivity("b")];
    };
    for (const cold of [false, true]) {
      const test = started(code);
      test.fail(0);
      test.deliver(test.message.rewind());
      if (cold) test.goCold();
      test.complete(0, 1);
      if (cold) test.goCold();
      test.fire(1);
      if (cold) test.goCold();
      test.complete(2, 2);

      expect(test.output).toEqual([1, 2]);
    }
  });

  it("can be done twice", () => {
    const test = started(function* (ctx) {
      return yield* ctx.callActivity("a");
    });

    for (let i = 0; i < 2; i++) {
      test.fail(0);
      expect(test.status).toBe("Failed");
      test.deliver(test.message.rewind());
      expect(test.outbox.activities).toHaveLength(1);
    }
    test.complete(0, "third time lucky");

    expect(test.output).toBe("third time lucky");
  });

  it("is done once for two messages of one batch, and again never for a repeat", () => {
    const test = started(function* (ctx) {
      return yield* ctx.callActivity("a");
    });
    test.fail(0);
    const rewind = test.message.rewind();

    test.deliver(rewind, test.message.rewind());
    expect(test.events("ExecutionRewound")).toHaveLength(1);
    test.fail(0);

    expect(test.deliver(rewind).checkpoint).toBeUndefined();
  });

  it.each(["Running", "Completed", "Terminated"])("leaves an instance that is %s as it is", (status) => {
    const test = started(function* (ctx) {
      return yield* ctx.callActivity("a");
    });
    if (status === "Completed") test.complete(0);
    if (status === "Terminated") test.deliver(test.message.terminate());

    expect(test.deliver(test.message.rewind()).checkpoint).toBeUndefined();
    expect(test.status).toBe(status);
  });

  it("gives a retried activity one attempt more", () => {
    const test = started(function* (ctx) {
      return yield* ctx.callActivity("a", undefined, { retry: { maxAttempts: 2 } });
    });
    test.fail(0);
    test.fire(1);
    test.fail(2);
    expect(test.status).toBe("Failed");

    test.deliver(test.message.rewind());
    expect(test.outbox.activities).toMatchObject([{ attempt: 2, firstAttemptId: 0, taskScheduledId: 2 }]);
    test.complete(2, "at last");

    expect(test.output).toBe("at last");
  });

  it("runs open siblings of the failed activity again and drops their old results", () => {
    const test = started(function* (ctx) {
      return yield* ctx.all([ctx.callActivity("a"), ctx.callActivity("b"), ctx.callActivity("c")]);
    });
    test.complete(0, "A");
    test.fail(1);
    const late = test.message.completed(2, "late");

    test.deliver(test.message.rewind(), late);
    expect(test.deliver(late).checkpoint).toBeUndefined();
    expect(test.outbox.activities.map(({ name }) => name)).toEqual(["b", "c"]);
    test.complete(1, "B");
    test.complete(2, "C");

    expect(test.output).toEqual(["A", "B", "C"]);
  });

  it("keeps events nobody has taken", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("a");
      return yield* ctx.waitForExternalEvent("e");
    });
    test.raise("e", "early");
    test.fail(0);

    test.deliver(test.message.rewind());
    test.complete(0);

    expect(test.output).toBe("early");
  });

  it("takes events of its batch that come after it", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("a");
      return yield* ctx.waitForExternalEvent("e");
    });
    test.fail(0);

    test.deliver(test.message.event("e", "lost"), test.message.rewind(), test.message.event("e", "kept"));
    test.complete(0);

    expect(test.output).toBe("kept");
  });

  it("arms open timers again and leaves cancelled ones", () => {
    const test = started(function* (ctx) {
      const cancelled = ctx.createTimer("1h");
      cancelled.cancel();
      yield* ctx.any([ctx.createTimer("2h"), ctx.waitForExternalEvent("go")]);
      const open = ctx.createTimer("3h");
      yield* ctx.callActivity("a");
      yield* open;
      return "end";
    });
    test.raise("go");
    test.fail(3);

    test.deliver(test.message.rewind());
    expect(test.outbox.messages.map(({ event }) => (event as { timerId: number }).timerId)).toEqual([2]);
    test.complete(3);
    test.fire(2);

    expect(test.output).toBe("end");
  });

  it("fails again when the code handled the failure and failed by itself", () => {
    const test = started(function* (ctx) {
      try {
        yield* ctx.callActivity("a");
      } catch {
        yield* ctx.callActivity("undo");
        throw new Error("undone");
      }
    });
    test.fail(0);
    test.complete(1);

    test.deliver(test.message.rewind());

    expect(test.state).toMatchObject({ status: "Failed", failure: { errorMessage: "undone" } });
  });

  it("fails again when time ran out: time is not undone", () => {
    const test = started(function* (ctx) {
      return yield* ctx.callActivity("slow", undefined, { timeout: "5s" });
    });
    test.fire(1);

    test.deliver(test.message.rewind());

    expect(test.state).toMatchObject({ status: "Failed", failure: { errorType: "TaskTimeout" } });
  });

  it("goes on with code that has been fixed", () => {
    const test = started(function* (ctx) {
      const a = yield* ctx.callActivity("a");
      if (a === 1) throw new Error("a bug");
      return a;
    });
    test.complete(0, 1);
    expect(test.status).toBe("Failed");

    test.deploy(
      defineOrchestration("test", function* (ctx) {
        return yield* ctx.callActivity("a");
      }),
    );
    test.deliver(test.message.rewind());

    expect(test.output).toBe(1);
  });

  it("keeps the custom status", () => {
    const test = started(function* (ctx) {
      ctx.setCustomStatus("working");
      yield* ctx.callActivity("a");
    });
    test.fail(0);

    test.deliver(test.message.rewind());

    expect(test.customStatus).toBe("working");
  });
});

describe("rewind in the batch of a new start", () => {
  it("is dropped: what was to be rewound is gone", () => {
    const test = started(function* (ctx) {
      return yield* ctx.callActivity("a");
    });
    test.fail(0);

    test.deliver(test.message.rewind(), test.message.start("test"));

    expect(test.status).toBe("Running");
    expect(test.events("ExecutionRewound")).toEqual([]);
  });
});

describe("rewind of a family", () => {
  const parent = defineOrchestration("parent", function* (ctx) {
    return yield* ctx.all([
      ctx.callSubOrchestrator("child", "good", { instanceId: "good" }),
      ctx.callSubOrchestrator("child", "bad", { instanceId: "bad" }),
      ctx.callSubOrchestrator("child", "slow", { instanceId: "slow" }),
    ]);
  });
  const child = defineOrchestration("child", function* (ctx, input: string) {
    const first = yield* ctx.callActivity<string>("first", input);
    if (input === "slow") return yield* ctx.waitForExternalEvent("ready");
    return [first, yield* ctx.callActivity("second", input)];
  });

  function family(): { hub: TestHub; calls: string[]; broken: { is: boolean } } {
    const calls: string[] = [];
    const broken = { is: true };
    const hub = new TestHub([parent, child], {
      first: (input) => {
        calls.push(`first ${input as string}`);
        return input;
      },
      second: (input) => {
        calls.push(`second ${input as string}`);
        if (input === "bad" && broken.is) throw new Error("out of order");
        return input;
      },
    });
    return { hub, calls, broken };
  }

  it("rewinds failed children, which keep what succeeded, and waits on for running ones", () => {
    const { hub, calls, broken } = family();
    const test = hub.start("parent");
    hub.run();
    expect(test.status).toBe("Failed");
    calls.length = 0;
    broken.is = false;

    hub.send(test.message.rewind());
    hub.run();
    expect(test.status).toBe("Running");
    expect(calls).toEqual(["second bad"]);
    hub.send(hub.instance("slow").message.event("ready", "done"));
    hub.run();

    expect(test.output).toEqual([["good", "good"], ["bad", "bad"], "done"]);
  });

  it("hears from a child that ended between the failure and the rewind", () => {
    const { hub, broken } = family();
    const test = hub.start("parent");
    hub.run();
    hub.send(hub.instance("slow").message.event("ready", "meanwhile"));
    hub.run();
    expect(hub.instance("slow").status).toBe("Completed");
    broken.is = false;

    hub.send(test.message.rewind());
    hub.run();

    expect(test.output).toEqual([["good", "good"], ["bad", "bad"], "meanwhile"]);
  });

  it("can be repeated", () => {
    const { hub, broken } = family();
    const test = hub.start("parent");
    hub.run();
    hub.send(test.message.rewind());
    hub.run();
    expect(test.status).toBe("Failed");
    broken.is = false;

    hub.send(test.message.rewind());
    hub.run();
    hub.send(hub.instance("slow").message.event("ready", "done"));
    hub.run();

    expect(test.status).toBe("Completed");
  });

  it("does not touch an instance that only has the id the child was refused", () => {
    const sleeps = defineOrchestration("sleeps", function* (ctx) {
      yield* ctx.waitForExternalEvent("e");
      throw new Error("its own affair");
    });
    const wants = defineOrchestration("wants", function* (ctx) {
      yield* ctx.callSubOrchestrator("child", "good", { instanceId: "taken" });
    });
    const hub = new TestHub([sleeps, wants]);
    const stranger = hub.start("sleeps", undefined, "taken");
    hub.run();
    const test = hub.start("wants");
    hub.run();
    hub.send(stranger.message.event("e"));
    hub.run();

    hub.send(test.message.rewind());
    hub.run();

    expect(stranger.state).toMatchObject({ status: "Failed", name: "sleeps" });
    expect(stranger.state).not.toHaveProperty("parent");
    expect(test.state.failure?.errorType).toBe("InstanceAlreadyExists");
  });
});
