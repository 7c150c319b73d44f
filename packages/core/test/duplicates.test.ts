import { defineOrchestration } from "../src";
import type { TaskMessage } from "../src";
import { T0 } from "./support/history";
import { TestHub, inOrder } from "./support/test-hub";
import type { Schedule } from "./support/test-hub";
import { TestInstance, started } from "./support/test-instance";

describe("a repeated message", () => {
  const busy = defineOrchestration("test", function* (ctx) {
    const results = yield* ctx.all([
      ctx.callActivity("good"),
      ctx.run(function* () {
        try {
          yield* ctx.callActivity("bad");
        } catch (error) {
          return (error as Error).message;
        }
        return "not reached";
      }),
      ctx.callSubOrchestrator("child"),
      ctx.createTimer("1h"),
      ctx.waitForExternalEvent("e"),
    ]);
    return [...results, yield* ctx.waitForExternalEvent("e")];
  });

  function messages(test: TestInstance): TaskMessage[] {
    return [
      test.message.completed(0, 1),
      test.message.failed(1),
      test.message.childCompleted(2, "child"),
      { ...test.timer(3), visibleAt: T0 },
      test.message.event("e", "first"),
      test.message.suspend(),
      test.message.resume(),
    ];
  }

  it("of any kind changes nothing, in the same batch or later", () => {
    const test = new TestInstance([busy]);
    const start = test.message.start("test");
    test.deliver(start, start);

    const all = messages(test);
    for (const message of all) {
      test.deliver(message, message);
      expect(test.deliver(start, ...all.slice(0, all.indexOf(message) + 1)).checkpoint).toBeUndefined();
    }
    test.raise("e", "second");

    expect(test.output).toEqual([1, "Activity 'bad' failed: boom", "child", null, "first", "second"]);
  });

  it("of any kind changes nothing after the end", () => {
    const test = new TestInstance([busy]);
    const start = test.message.start("test");
    test.deliver(start);
    const all = messages(test);
    test.deliver(...all);
    test.raise("e", "second");
    const { history } = test;

    expect(test.deliver(start, ...all).checkpoint).toBeUndefined();

    expect(test.history).toBe(history);
  });

  it("of a start does not start a finished instance again, even after others of its id", () => {
    const test = new TestInstance([
      defineOrchestration("test", function* (ctx, n: number) {
        return n;
      }),
    ]);
    const [first, second] = [test.message.start("test", 1), test.message.start("test", 2)];

    test.deliver(first);
    test.deliver(second);
    expect(test.deliver(first, second).checkpoint).toBeUndefined();

    expect(test.output).toBe(2);
  });

  it("of a completion with another id counts once: tasks end once", () => {
    const test = started(function* (ctx) {
      const a = yield* ctx.callActivity("a");
      yield* ctx.waitForExternalEvent("end");
      return a;
    });

    test.deliver(test.message.completed(0, "first"), test.message.completed(0, "second"));
    expect(test.deliver(test.message.failed(0)).checkpoint).toBeUndefined();
    test.raise("end");

    expect(test.output).toBe("first");
  });

  it("of a child's start does not start the child twice", () => {
    const parent = defineOrchestration("parent", function* (ctx) {
      return yield* ctx.callSubOrchestrator("child");
    });
    const child = defineOrchestration("child", function* (ctx) {
      return yield* ctx.callActivity("count");
    });
    let count = 0;
    const repeated = new Set<string>();
    const everythingTwice: Schedule = {
      ...inOrder,
      batch: () => 1,
      repeats: ({ id }) => !repeated.has(id) && repeated.add(id) === repeated,
    };
    const hub = new TestHub([parent, child], { count: () => ++count }, {}, everythingTwice);

    const test = hub.start("parent");
    hub.run();

    expect(test.output).toBe(1);
  });
});

describe("a start", () => {
  it("of a running instance is dropped", () => {
    const test = started(function* (ctx) {
      return yield* ctx.waitForExternalEvent("e");
    });

    expect(test.start("test").checkpoint).toBeUndefined();
  });

  it("by a parent is refused while the id is in use, each time with the same reply", () => {
    const test = started(function* (ctx) {
      return yield* ctx.waitForExternalEvent("e");
    });
    const parent = { name: "p", instanceId: "p1", executionId: "e1", taskScheduledId: 3 };
    const start = test.message.start("test", undefined, { parent });

    test.deliver(start);
    const [first] = test.outbox.messages;
    test.deliver(start);

    expect(test.outbox.messages).toEqual([first]);
    expect(first).toMatchObject({
      instanceId: "p1",
      executionId: "e1",
      event: {
        type: "SubOrchestrationInstanceFailed",
        taskScheduledId: 3,
        failure: { isNonRetriable: true },
      },
    });
    test.raise("e", 1);
    expect(test.output).toBe(1);
  });

  it("of two in one batch: the first wins", () => {
    const test = new TestInstance([
      defineOrchestration("test", function* (ctx, n: number) {
        yield* ctx.callActivity("a", n);
      }),
    ]);

    test.deliver(test.message.start("test", 1), test.message.start("test", 2));

    expect(test.outbox.activities).toMatchObject([{ input: "1" }]);
  });
});

describe("a stray", () => {
  it("of another execution is dropped", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("a");
    });
    const stray = { ...test.message.completed(0), executionId: "another" };

    expect(test.deliver(stray).checkpoint).toBeUndefined();
  });

  it("for a task that was never decided is dropped", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("a");
    });

    expect(test.deliver(test.message.completed(17), test.message.childFailed(-5)).checkpoint).toBeUndefined();
  });

  it("does not keep the rest of its batch from taking effect", () => {
    const test = started(function* (ctx) {
      return yield* ctx.callActivity("a");
    });

    test.deliver(test.message.completed(17), test.message.completed(0, "good"));

    expect(test.output).toBe("good");
  });

  it("start timer for an instance that was not delayed is dropped", () => {
    const test = started(function* (ctx) {
      yield* ctx.createTimer("1h");
    });
    const timer = test.timer(0);
    const stray = { ...timer, event: { ...timer.event, timerId: -1 } } as TaskMessage;

    expect(test.deliver(stray).checkpoint).toBeUndefined();
  });
});
