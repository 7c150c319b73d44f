import { TaskFailedError, defineOrchestration } from "../src";
import { TestHub } from "./support/test-hub";
import { started } from "./support/test-instance";

const child = defineOrchestration("child", function* (ctx, input: unknown) {
  return yield* ctx.callActivity("work", input);
});

describe("callSubOrchestrator", () => {
  it("starts a child that reports its result", () => {
    const parent = defineOrchestration("parent", function* (ctx) {
      return [yield* ctx.callSubOrchestrator(child, 20)];
    });
    const hub = new TestHub([parent, child], { work: (n) => Number(n) * 2 });

    const test = hub.start("parent");
    hub.run();

    expect(test.output).toEqual([40]);
  });

  it("derives the child's id from the parent's execution and the call", () => {
    const test = started(
      function* (ctx) {
        yield* ctx.all([ctx.callSubOrchestrator("child"), ctx.callSubOrchestrator("child")]);
      },
      { executionId: "e".repeat(32) },
    );

    expect(test.outbox.messages.map(({ instanceId }) => instanceId)).toEqual([
      `${"e".repeat(32)}:0000`,
      `${"e".repeat(32)}:0001`,
    ]);
  });

  it("tells the child who its parent is", () => {
    const parent = defineOrchestration("parent", function* (ctx) {
      yield* ctx.createTimer(0);
      return yield* ctx.callSubOrchestrator("asks");
    });
    const asks = defineOrchestration("asks", function* (ctx) {
      return { name: ctx.parent?.name, id: ctx.parent?.instanceId, task: ctx.parent?.taskScheduledId };
    });
    const hub = new TestHub([parent, asks]);

    const test = hub.start("parent", undefined, "p1");
    hub.run();

    expect(test.output).toEqual({ name: "parent", id: "p1", task: 1 });
  });

  it("gives the parent's tags to the child, and its own over them", () => {
    const test = started(
      function* (ctx) {
        yield* ctx.callSubOrchestrator("child", undefined, { tags: { b: "child" } });
      },
      { tags: { a: "parent", b: "parent" } },
    );

    expect(test.outbox.messages[0]?.event).toMatchObject({ tags: { a: "parent", b: "child" } });
  });

  it("gives the child the version of its definition, unless told another", () => {
    const versioned = defineOrchestration("child", child.handler, { version: "2" });
    const test = started(function* (ctx) {
      yield* ctx.all([
        ctx.callSubOrchestrator(versioned, 1),
        ctx.callSubOrchestrator(versioned, 1, { version: "3" }),
        ctx.callSubOrchestrator("child", 1),
      ]);
    });

    const versions = test.outbox.messages.map(({ event }) => (event as { version?: string }).version);

    expect(versions).toEqual(["2", "3", undefined]);
  });

  it("carries a failure from activity to child to parent, cause chain and class name included", () => {
    class StockError extends Error {
      override readonly name = "StockError";
    }
    const parent = defineOrchestration("parent", function* (ctx) {
      try {
        yield* ctx.callSubOrchestrator("wraps");
      } catch (error) {
        if (!TaskFailedError.is(error)) throw error;
        const { failure } = error;
        const cause = error.cause as Error;
        return [
          error.message,
          failure.errorType,
          failure.innerFailure?.errorType,
          failure.innerFailure?.innerFailure?.errorMessage,
          cause.name,
          cause.message,
          (cause.cause as Error).message,
        ];
      }
      return "not reached";
    });
    const wraps = defineOrchestration("wraps", function* (ctx) {
      try {
        yield* ctx.callActivity("work");
      } catch (error) {
        throw new RangeError("the child could not go on", { cause: error });
      }
    });
    const hub = new TestHub([parent, wraps], {
      work: () => {
        throw new StockError("out of stock", { cause: new Error("shelf 12 is empty") });
      },
    });

    const test = hub.start("parent");
    hub.run();

    expect(test.output).toEqual([
      "Sub-orchestration 'wraps' failed: the child could not go on",
      "RangeError",
      "StockError",
      "shelf 12 is empty",
      "StockError",
      "out of stock",
      "shelf 12 is empty",
    ]);
  });

  it("fails when the child is terminated", () => {
    const parent = defineOrchestration("parent", function* (ctx) {
      yield* ctx.callSubOrchestrator("sleeps", undefined, { instanceId: "c1" });
    });
    const sleeps = defineOrchestration("sleeps", function* (ctx) {
      yield* ctx.waitForExternalEvent("never");
    });
    const hub = new TestHub([parent, sleeps]);
    const test = hub.start("parent");
    hub.run();

    hub.send(hub.instance("c1").message.terminate("enough"));
    hub.run();

    expect(test.state.failure).toMatchObject({
      errorType: "OrchestrationTerminated",
      errorMessage: "enough",
    });
  });

  it("fails when its explicit id is in use by a running instance", () => {
    const sleeps = defineOrchestration("sleeps", function* (ctx) {
      yield* ctx.waitForExternalEvent("never");
    });
    const parent = defineOrchestration("parent", function* (ctx) {
      try {
        yield* ctx.callSubOrchestrator("sleeps", undefined, { instanceId: "taken" });
      } catch (error) {
        return TaskFailedError.is(error) && [error.failure.errorType, error.failure.isNonRetriable];
      }
      return "not reached";
    });
    const hub = new TestHub([parent, sleeps]);
    hub.start("sleeps", undefined, "taken");
    hub.run();

    const test = hub.start("parent", undefined, "p1");
    hub.run();

    expect(test.output).toEqual(["InstanceAlreadyExists", true]);
    expect(hub.instance("taken").status).toBe("Running");
  });

  it("takes an explicit id that a finished instance had", () => {
    const parent = defineOrchestration("parent", function* (ctx) {
      const first = yield* ctx.callSubOrchestrator(child, 1, { instanceId: "c1" });
      const second = yield* ctx.callSubOrchestrator(child, 2, { instanceId: "c1" });
      return [first, second];
    });
    const hub = new TestHub([parent, child], { work: (n) => n });

    const test = hub.start("parent");
    hub.run();

    expect(test.output).toEqual([1, 2]);
  });

  it.each([
    ["its own id", "i1"],
    ["its parent's id", "p1"],
    ["an empty id", ""],
    ["an id with a slash", "a/b"],
    ["an id of an entity", "@counter@1"],
    ["an id of 257 characters", "x".repeat(257)],
  ])("refuses %s", (_what, instanceId) => {
    const test = started(
      function* (ctx) {
        yield* ctx.callSubOrchestrator("child", undefined, { instanceId });
      },
      { parent: { name: "parent", instanceId: "p1", executionId: "e", taskScheduledId: 0 } },
    );

    expect(test.state.failure?.errorType).toBe("InvalidArgument");
    expect(test.decided).toEqual([]);
  });

  it("lets a parent end before its child", () => {
    const parent = defineOrchestration("parent", function* (ctx) {
      ctx.callSubOrchestrator(child, 1, { instanceId: "c1" });
      return "gone";
    });
    const hub = new TestHub([parent, child], { work: (n) => n });

    const test = hub.start("parent");
    hub.run();

    expect([test.output, hub.instance("c1").output]).toEqual(["gone", 1]);
  });

  it("nests a hundred deep", () => {
    const deep = defineOrchestration("deep", function* (ctx, level: number) {
      const below: number = level === 0 ? 0 : yield* ctx.callSubOrchestrator<number>("deep", level - 1);
      return below + 1;
    });
    const hub = new TestHub([deep]);

    const test = hub.start("deep", 100);
    hub.run();

    expect(test.output).toBe(101);
  });
});
