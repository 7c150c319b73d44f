import { defineOrchestration } from "../src";
import { TestHub } from "./support/test-hub";
import { TestInstance, started } from "./support/test-instance";

describe("continueAsNew", () => {
  it("starts the next generation with a fresh history and the new input", () => {
    const test = started(
      function* (ctx, n: number) {
        yield* ctx.callActivity("a", n);
        if (n < 2) return yield* ctx.continueAsNew(n + 1);
        return n;
      },
      { input: 1 },
    );
    const { executionId } = test.state;

    test.complete(0);

    expect(test.checkpoint.mode).toBe("replace");
    expect(test.history.map(({ type }) => type)).toEqual([
      "OrchestratorStarted",
      "ExecutionStarted",
      "TaskScheduled",
    ]);
    expect(test.events("ExecutionStarted")).toMatchObject([{ input: "2", name: "test" }]);
    expect(test.state.executionId).not.toBe(executionId);
    expect(test.state.startExecutionId).toBe(executionId);

    test.complete(0);

    expect(test.output).toBe(2);
  });

  it("takes effect in the first turn", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n > 0) return yield* ctx.continueAsNew(n - 1);
        return "done";
      },
      { input: 3 },
    );

    expect(test.output).toBe("done");
    expect(test.checkpoints).toHaveLength(1);
  });

  it("takes effect at the return when it is not waited for", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n > 0) ctx.continueAsNew(n - 1);
        return `ended with ${n}`;
      },
      { input: 1 },
    );

    expect(test.output).toBe("ended with 0");
  });

  it("takes the last call's input", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n > 10) return n;
        ctx.continueAsNew(11);
        ctx.continueAsNew(12);
        return undefined;
      },
      { input: 1 },
    );

    expect(test.output).toBe(12);
  });

  it("loses against an error thrown after it", () => {
    const test = started(function* (ctx) {
      try {
        ctx.continueAsNew();
      } finally {
        ctx.createTimer("in finally");
      }
    });

    expect(test.state.failure?.errorMessage).toContain("in finally");
  });

  it.each([[undefined], [null], [0], [""], [false]])("keeps an input of %j as it is", (input) => {
    const test = started(
      function* (ctx, value: unknown) {
        if (value === "first") return yield* ctx.continueAsNew(input);
        return [value === undefined, value];
      },
      { input: "first" },
    );

    expect(test.output).toEqual([input === undefined, input ?? null]);
  });

  it("hands events nobody took to the next generation, in order", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n === 0) {
          yield* ctx.callActivity("busy");
          return yield* ctx.continueAsNew(1);
        }
        return [
          yield* ctx.waitForExternalEvent("a"),
          yield* ctx.waitForExternalEvent("b"),
          yield* ctx.waitForExternalEvent("a"),
        ];
      },
      { input: 0 },
    );

    test.raise("a", 1);
    test.deliver(test.message.event("b", 2), test.message.completed(0), test.message.event("a", 3));

    expect(test.output).toEqual([1, 2, 3]);
    expect(test.events("EventRaised").map(({ input }) => input)).toEqual(["1", "2", "3"]);
  });

  it("drops them when told to, but not those that came after it", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n === 0) {
          yield* ctx.callActivity("busy");
          return yield* ctx.continueAsNew(1, { preserveUnprocessedEvents: false });
        }
        return yield* ctx.waitForExternalEvent("a");
      },
      { input: 0 },
    );

    test.raise("a", "before");
    test.deliver(test.message.completed(0), test.message.event("a", "after"));

    expect(test.output).toBe("after");
  });

  it("does not hand over events that were taken", () => {
    const test = started(
      function* (ctx, seen: number[]) {
        seen.push(yield* ctx.waitForExternalEvent<number>("e"));
        if (seen.length < 3) return yield* ctx.continueAsNew(seen);
        return seen;
      },
      { input: [] },
    );

    test.deliver(test.message.event("e", 1), test.message.event("e", 2));
    test.raise("e", 3);

    expect(test.output).toEqual([1, 2, 3]);
  });

  it("still sends what the turn had decided", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n === 1) return "done";
        ctx.callActivity("fire and forget");
        ctx.callSubOrchestrator("child", 1, { instanceId: "c1" });
        ctx.sendEvent("other", "hello");
        ctx.createTimer("1h");
        return yield* ctx.continueAsNew(1);
      },
      { input: 0 },
    );

    const { activities, messages } = test.outbox;
    expect(activities).toMatchObject([{ name: "fire and forget", executionId: test.state.startExecutionId }]);
    expect(messages.map(({ event }) => event.type)).toEqual(["ExecutionStarted", "EventRaised"]);
    expect(test.output).toBe("done");
  });

  it("sends it in the next turn no more", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n === 0) {
          ctx.callActivity("once");
          return yield* ctx.continueAsNew(1);
        }
        return yield* ctx.waitForExternalEvent("end");
      },
      { input: 0 },
    );
    expect(test.outbox.activities).toHaveLength(1);

    test.raise("end");

    expect(test.outbox.activities).toEqual([]);
  });

  it("cancels the timers of the generation that ended", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n === 1) return yield* ctx.waitForExternalEvent("end");
        ctx.createTimer("90d");
        yield* ctx.callActivity("a");
        return yield* ctx.continueAsNew(1);
      },
      { input: 0 },
    );
    const timer = test.timer(0);

    test.complete(1);

    expect(test.checkpoint.cancelledTimers).toEqual([timer.id]);
    expect(test.deliver(timer).checkpoint).toBeUndefined();
  });

  it("drops messages of the old generation", () => {
    const test = started(
      function* (ctx, n: number) {
        const late = ctx.callActivity("slow", n);
        if (n === 1) return yield* late;
        yield* ctx.waitForExternalEvent("go");
        return yield* ctx.continueAsNew(1);
      },
      { input: 0 },
    );
    const late = test.message.completed(0, "of the old generation");

    test.raise("go");
    expect(test.deliver(late).checkpoint).toBeUndefined();
    test.complete(0, "of the new one");

    expect(test.output).toBe("of the new one");
  });

  it("drops repeats of messages that the old generation took", () => {
    const test = started(
      function* (ctx, n: number) {
        const value = yield* ctx.waitForExternalEvent("e");
        if (n === 1) return value;
        return yield* ctx.continueAsNew(1);
      },
      { input: 0 },
    );
    const event = test.message.event("e", "first");

    test.deliver(event);
    expect(test.deliver(event).checkpoint).toBeUndefined();
    test.raise("e", "second");

    expect(test.output).toBe("second");
  });

  it("remembers all ids of its own turn, however many", () => {
    const test = started(
      function* (ctx, n: number) {
        for (let i = 0; i < 400; i++) yield* ctx.waitForExternalEvent("e");
        if (n < 1) return yield* ctx.continueAsNew(n + 1);
        return "both";
      },
      { input: 0 },
    );
    const events = Array.from({ length: 400 }, () => test.message.event("e"));

    test.deliver(...events);

    expect(test.deliver(...events).checkpoint).toBeUndefined();
  });

  it("forgets ids in the end: the state stays small", () => {
    const test = started(
      function* (ctx) {
        yield* ctx.waitForExternalEvent("e");
        return yield* ctx.continueAsNew();
      },
      { compareCold: false },
    );

    for (let i = 0; i < 1000; i++) test.raise("e");

    expect(test.state.recentMessageIds.length).toBeLessThan(300);
    expect(test.history.length).toBeLessThan(10);
  });

  it("keeps name, parent, tags, version, creation time and custom status", () => {
    const parent = { name: "p", instanceId: "p1", executionId: "e", taskScheduledId: 0 };
    const test = started(
      function* (ctx, n: number) {
        if (n === 0) {
          ctx.setCustomStatus("kept");
          yield* ctx.callActivity("a");
          return yield* ctx.continueAsNew(1);
        }
        yield* ctx.waitForExternalEvent("end");
        return [ctx.name, ctx.parent, ctx.tags, ctx.version];
      },
      { input: 0, parent, tags: { a: "b" }, version: "2" },
    );
    const { createdAt } = test.state;
    test.now += 1000;

    test.complete(0);
    expect(test.customStatus).toBe("kept");
    test.raise("end");

    expect(test.output).toEqual(["test", parent, { a: "b" }, "2"]);
    expect(test.state).toMatchObject({ createdAt, customStatus: '"kept"' });
    expect(test.outbox.messages).toMatchObject([
      { instanceId: "p1", event: { type: "SubOrchestrationInstanceCompleted" } },
    ]);
  });

  it("carries a suspension of the same batch over", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n === 0) {
          yield* ctx.callActivity("a");
          return yield* ctx.continueAsNew(1);
        }
        yield* ctx.callActivity("b");
        return "done";
      },
      { input: 0 },
    );

    test.deliver(test.message.completed(0), test.message.suspend());
    expect(test.status).toBe("Suspended");
    test.complete(0);
    expect(test.status).toBe("Suspended");
    test.deliver(test.message.resume());

    expect(test.output).toBe("done");
  });

  it("loses against a termination of the same batch", () => {
    const test = started(
      function* (ctx, n: number) {
        yield* ctx.callActivity("a");
        return yield* ctx.continueAsNew(n + 1);
      },
      { input: 0 },
    );

    test.deliver(test.message.completed(0), test.message.terminate("enough"));

    expect(test.status).toBe("Terminated");
  });

  it("goes on a thousand times in one turn", () => {
    const test = started(
      function* (ctx, n: number) {
        return n === 0 ? "done" : yield* ctx.continueAsNew(n - 1);
      },
      { input: 1000 },
    );

    expect(test.output).toBe("done");
    expect(test.history).toHaveLength(3);
  });

  it("goes on a thousand times in a thousand turns without growing", () => {
    const loops = defineOrchestration("loops", function* (ctx, n: number) {
      yield* ctx.createTimer("1m");
      return n === 0 ? "done" : yield* ctx.continueAsNew(n - 1);
    });
    const hub = new TestHub([loops]);

    const test = hub.start("loops", 1000);
    hub.run();

    expect(test.output).toBe("done");
    expect(test.history.length).toBeLessThan(8);
  });

  it("is stopped when it never waits", () => {
    const test = started(
      function* (ctx) {
        return yield* ctx.continueAsNew();
      },
      { compareCold: false },
    );

    expect(test.status).toBe("Failed");
    expect(test.state.failure?.errorMessage).toBe(
      "'test' continued as new 10000 times in a row without waiting for anything.",
    );
  });

  it("reports to the parent when the last generation ends", () => {
    const parent = defineOrchestration("parent", function* (ctx) {
      return yield* ctx.callSubOrchestrator("child", 3);
    });
    const child = defineOrchestration("child", function* (ctx, n: number) {
      yield* ctx.callActivity("a");
      return n === 0 ? "last" : yield* ctx.continueAsNew(n - 1);
    });
    const hub = new TestHub([parent, child], { a: () => 1 });

    const test = hub.start("parent");
    hub.run();

    expect(test.output).toBe("last");
  });

  it("can be decided in a branch", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n === 1) return "next";
        ctx.run(function* () {
          yield* ctx.callActivity("a");
          yield* ctx.continueAsNew(1);
        });
        return yield* ctx.waitForExternalEvent("never");
      },
      { input: 0 },
    );

    test.complete(0);

    expect(test.output).toBe("next");
  });

  it("lets user code catch an input that has no JSON form", () => {
    const test = started(function* (ctx) {
      try {
        ctx.continueAsNew(1n);
      } catch (error) {
        return (error as { code: string }).code;
      }
      return "not reached";
    });

    expect(test.output).toBe("NotSerializable");
  });

  it("gives each generation its own start when events precede it", () => {
    const test = new TestInstance([
      defineOrchestration("test", function* (ctx, n: number) {
        if (n === 0) return yield* ctx.continueAsNew(1);
        return yield* ctx.waitForExternalEvent("e");
      }),
    ]);

    test.deliver(test.message.event("e", "early"), test.message.start("test", 0));

    expect(test.output).toBe("early");
  });
});
