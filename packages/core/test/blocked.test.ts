import { defineOrchestration } from "../src";
import { EXECUTION, T0, history } from "./support/history";
import { TestInstance, otherVersion, started } from "./support/test-instance";
import type { AnyHandler } from "./support/test-instance";

/** An instance that ran `before` to its first wait, and whose code is then `after`. */
function redeployed(before: AnyHandler, after: AnyHandler): TestInstance {
  const test = started(before);
  test.deploy(otherVersion(after));
  return test;
}

const one: AnyHandler = function* (ctx) {
  yield* ctx.callActivity("one");
  return yield* ctx.callActivity("two");
};

describe("an instance whose code has changed", () => {
  it.each<[string, AnyHandler, string, string]>([
    [
      "another activity",
      function* (ctx) {
        yield* ctx.callActivity("uno");
      },
      "TaskScheduled 'one' as decision #0",
      "TaskScheduled 'uno' as decision #0",
    ],
    [
      "another kind of task",
      function* (ctx) {
        yield* ctx.createTimer("1h");
      },
      "TaskScheduled 'one' as decision #0",
      "TimerCreated as decision #0",
    ],
    [
      "a sub-orchestration of the same name",
      function* (ctx) {
        yield* ctx.callSubOrchestrator("one");
      },
      "TaskScheduled 'one' as decision #0",
      "SubOrchestrationInstanceCreated 'one' as decision #0",
    ],
    [
      "fewer decisions",
      function* (ctx) {
        yield* ctx.waitForExternalEvent("e");
      },
      "TaskScheduled 'one' as decision #0",
      "nothing as decision #0",
    ],
    [
      "a return",
      function* () {
        return 1;
      },
      "TaskScheduled 'one' as decision #0",
      "nothing as decision #0",
    ],
    [
      "a failure",
      function* () {
        throw new Error("new bug");
      },
      "TaskScheduled 'one' as decision #0",
      "nothing as decision #0",
    ],
    [
      "more decisions",
      function* (ctx) {
        yield* ctx.all([ctx.callActivity("one"), ctx.callActivity("extra")]);
      },
      "no decision #1 at this point",
      "TaskScheduled 'extra' as decision #1",
    ],
    [
      "a decision before the others",
      function* (ctx) {
        ctx.sendEvent("audit", "began");
        yield* ctx.callActivity("one");
      },
      "TaskScheduled 'one' as decision #0",
      "EventSent 'began' as decision #0",
    ],
    [
      "an end after the decision",
      function* (ctx) {
        ctx.callActivity("one");
        return "early";
      },
      "that the code goes on waiting",
      "the code ended: completed",
    ],
  ])("is parked: %s", (_what, after, expected, actual) => {
    const test = redeployed(one, after);

    test.complete(0, "result");

    expect(test.status).toBe("Blocked");
    expect(test.state.blocked).toEqual({
      kind: "NonDeterminism",
      message: `History has ${expected}; replaying the code gave ${actual}. Deploy code that decides as recorded, then resume the instance.`,
      expected,
      actual,
    });
    expect(test.outbox).toEqual({ messages: [], activities: [] });
  });

  it("is parked when the code ends in a turn that history goes on after", () => {
    const test = started(function* (ctx) {
      yield* ctx.waitForExternalEvent("e");
      yield* ctx.waitForExternalEvent("f");
      yield* ctx.waitForExternalEvent("g");
    });
    test.raise("e");
    test.deploy(
      otherVersion(function* (ctx) {
        yield* ctx.waitForExternalEvent("e");
      }),
    );

    test.raise("f");

    expect(test.state.blocked).toMatchObject({ actual: "the code ended: completed" });
  });

  it("goes on with code that decides the same in other words", () => {
    const test = redeployed(one, function* (ctx) {
      const name = ["o", "n", "e"].join("");
      const first = ctx.callActivity(name, "another input");
      yield* first;
      return "changed afterwards";
    });

    test.complete(0);

    expect(test.output).toBe("changed afterwards");
  });

  it("does not mind other inputs, due times and child ids", () => {
    const test = redeployed(
      function* (ctx) {
        yield* ctx.all([ctx.callActivity("a", 1), ctx.createTimer("1h"), ctx.callSubOrchestrator("c")]);
      },
      function* (ctx) {
        yield* ctx.any([
          ctx.callActivity("a", 2),
          ctx.createTimer("2h"),
          ctx.callSubOrchestrator("c", 1, { instanceId: "x" }),
        ]);
        return "fine";
      },
    );

    test.complete(0);

    expect(test.output).toBe("fine");
  });
});

describe("a blocked instance", () => {
  const broken: AnyHandler = function* (ctx) {
    yield* ctx.callActivity("uno");
  };
  const fixed: AnyHandler = function* (ctx) {
    const a = yield* ctx.callActivity("one");
    const b = yield* ctx.waitForExternalEvent("e");
    const c = yield* ctx.waitForExternalEvent("e");
    return [a, b, c];
  };

  it("goes on where it stood once the code is as before and it is resumed", () => {
    const test = redeployed(fixed, broken);
    test.complete(0, "result");
    expect(test.status).toBe("Blocked");

    test.deploy(otherVersion(fixed));
    test.deliver(test.message.resume());

    expect(test.status).toBe("Running");
    expect(test.state).not.toHaveProperty("blocked");
    test.raise("e", 1);
    test.raise("e", 2);
    expect(test.output).toEqual(["result", 1, 2]);
  });

  it("keeps all that arrives while it is blocked", () => {
    const test = redeployed(fixed, broken);
    test.complete(0, "result");
    test.raise("e", 1);
    test.raise("e", 2);
    expect(test.status).toBe("Blocked");

    test.deploy(otherVersion(fixed));
    test.deliver(test.message.resume());

    expect(test.output).toEqual(["result", 1, 2]);
  });

  it("goes on at any message once the code is as before, even a repeat", () => {
    const test = redeployed(fixed, broken);
    const result = test.message.completed(0, "result");
    test.deliver(result);

    test.deploy(otherVersion(fixed));
    test.deliver(result);

    expect(test.status).toBe("Running");
    expect(test.events("TaskCompleted")).toHaveLength(1);
  });

  it("decides on resumption, and replays it from then on", () => {
    const decides: AnyHandler = function* (ctx) {
      yield* ctx.callActivity("one");
      yield* ctx.callActivity("two");
      yield* ctx.createTimer("1h");
      return "end";
    };
    const test = redeployed(decides, broken);
    test.complete(0);

    test.deploy(otherVersion(decides));
    test.deliver(test.message.resume());
    expect(test.decided).toEqual([["TaskScheduled", "two"]]);
    test.goCold();
    test.complete(1);
    test.goCold();
    test.fire(2);

    expect(test.output).toBe("end");
  });

  it("can be blocked and resumed again and again", () => {
    const decides: AnyHandler = function* (ctx) {
      for (const name of ["one", "two", "three", "four"]) yield* ctx.callActivity(name);
      return "end";
    };
    const test = started(decides);

    for (const id of [0, 1, 2, 3]) {
      test.deploy(otherVersion(broken));
      test.complete(id);
      test.deliver(test.message.event("noise"));
      expect(test.status).toBe("Blocked");
      test.deploy(otherVersion(decides));
      test.deliver(test.message.resume());
    }

    expect(test.output).toBe("end");
  });

  it("drops repeats of what arrived while it was blocked", () => {
    const test = redeployed(fixed, broken);
    const result = test.message.completed(0, "result");
    const event = test.message.event("e", 1);
    test.deliver(result, event);

    expect(test.deliver(result, event).checkpoint).toBeUndefined();
  });

  it("can be terminated, its children and timers with it", () => {
    const test = redeployed(function* (ctx) {
      ctx.createTimer("90d");
      ctx.callSubOrchestrator("child", undefined, { instanceId: "c1" });
      yield* ctx.callActivity("one");
    }, broken);
    const timer = test.timer(0);
    test.complete(2);

    test.deliver(test.message.terminate("hopeless", true));

    expect(test.status).toBe("Terminated");
    expect(test.state).not.toHaveProperty("blocked");
    expect(test.checkpoint.cancelledTimers).toEqual([timer.id]);
    expect(test.outbox.messages).toMatchObject([
      { instanceId: "c1", event: { type: "ExecutionTerminated" } },
    ]);
  });

  it("that was suspended needs one resume", () => {
    const test = started(fixed);
    test.deliver(test.message.suspend());
    test.deploy(otherVersion(broken));
    test.complete(0, "result");
    expect(test.status).toBe("Blocked");

    test.deploy(otherVersion(fixed));
    test.deliver(test.message.resume());
    test.deliver(test.message.event("e", 1), test.message.event("e", 2));

    expect(test.output).toEqual(["result", 1, 2]);
  });

  it("stays suspended when another message wakes it", () => {
    const test = started(fixed);
    test.deliver(test.message.suspend());
    test.deploy(otherVersion(broken));
    test.complete(0);

    test.deploy(otherVersion(fixed));
    test.raise("e");

    expect(test.status).toBe("Suspended");
  });

  it("keeps its custom status", () => {
    const test = redeployed(
      function* (ctx) {
        ctx.setCustomStatus("kept");
        yield* ctx.callActivity("one");
      },
      function* (ctx) {
        ctx.setCustomStatus("of broken code");
        yield* ctx.callActivity("uno");
      },
    );

    test.complete(0);

    expect(test.customStatus).toBe("kept");
  });
});

describe("an instance whose orchestration is unknown", () => {
  const known = otherVersion(function* (ctx, input: unknown) {
    return [input, yield* ctx.waitForExternalEvent("e")];
  });

  it("is parked with the reason", () => {
    const test = new TestInstance([defineOrchestration("a", one), defineOrchestration("b", one)]);

    test.start("test");

    expect(test.status).toBe("Blocked");
    expect(test.state.blocked).toEqual({
      kind: "UnknownOrchestration",
      message:
        "No orchestration 'test' is registered with this worker. Register it and resume the instance, or terminate it.",
      expected: "orchestration 'test'",
      actual: "'a', 'b'",
    });
  });

  it("starts when the code is there and it is resumed, with all that came meanwhile", () => {
    const test = new TestInstance([]);
    test.start("test", "input");
    test.raise("e", 1);
    expect(test.state.blocked?.actual).toBe("no orchestrations");

    test.deploy(known);
    test.deliver(test.message.resume());

    expect(test.output).toEqual(["input", 1]);
  });

  it("can be terminated", () => {
    const test = new TestInstance([]);
    test.start("test");

    test.deliver(test.message.terminate());

    expect(test.status).toBe("Terminated");
  });

  it("keeps a delayed start", () => {
    const test = new TestInstance([]);
    test.start("test", "input", { scheduledStartTime: T0 + 1000 });
    expect(test.outbox.messages).toMatchObject([{ visibleAt: T0 + 1000 }]);
    test.deploy(known);
    test.deliver(test.message.resume());
    expect(test.status).toBe("Pending");

    test.fire(-1);
    test.raise("e", 1);

    expect(test.output).toEqual(["input", 1]);
  });

  it("keeps a delayed start that came due while it was blocked", () => {
    const test = new TestInstance([]);
    test.start("test", "input", { scheduledStartTime: T0 + 1000 });
    test.fire(-1);
    test.raise("e", 1);

    test.deploy(known);
    test.deliver(test.message.resume());

    expect(test.output).toEqual(["input", 1]);
  });

  it("is parked in the middle of its life when a worker without its code takes it", () => {
    const test = started(function* (ctx) {
      return yield* ctx.callActivity("a");
    });
    test.deploy();
    test.complete(0, "kept");
    expect(test.status).toBe("Blocked");

    test.deploy(
      otherVersion(function* (ctx) {
        return yield* ctx.callActivity("a");
      }),
    );
    test.deliver(test.message.resume());

    expect(test.output).toBe("kept");
  });

  it("rewound without its code, tries again when the code is there", () => {
    const code: AnyHandler = function* (ctx) {
      return yield* ctx.callActivity("a");
    };
    const test = started(code);
    test.fail(0);
    test.deploy();
    test.deliver(test.message.rewind());
    expect(test.status).toBe("Blocked");

    test.deploy(otherVersion(code));
    test.deliver(test.message.resume());
    expect(test.decided).toEqual([["TaskScheduled", "a"]]);
    test.complete(0, "this time");

    expect(test.output).toBe("this time");
  });
});

describe("a stored history", () => {
  const stored = (events: ReturnType<typeof history>): ConstructorParameters<typeof TestInstance>[2] => ({
    state: {
      instanceId: "i1",
      executionId: EXECUTION,
      startExecutionId: EXECUTION,
      name: "test",
      status: "Running",
      createdAt: T0,
      lastUpdatedAt: T0,
      recentMessageIds: [],
    },
    history: events.events,
  });

  it("is checked turn by turn: a decision recorded in a later turn than it is made in blocks", () => {
    const events = history().turn().started("test").turn(1000).scheduled(0, "one");
    const test = new TestInstance([defineOrchestration("test", one)], {}, stored(events));

    test.complete(0);

    expect(test.state.blocked).toMatchObject({ expected: "no decision #0 at this point" });
  });

  it("may have a decision in a later turn when the turns before were blocked", () => {
    const reason = { kind: "UnknownOrchestration", message: "not deployed yet" } as const;
    const events = history()
      .turn()
      .started("test")
      .blocked(reason)
      .turn(1000)
      .resumed()
      .scheduled(0, "one")
      .turn(1000)
      .completed(0)
      .scheduled(1, "two");
    const test = new TestInstance([defineOrchestration("test", one)], {}, stored(events));

    test.complete(1, "end");

    expect(test.output).toBe("end");
  });

  it("may hold completions that nothing waits for", () => {
    const events = history()
      .turn()
      .started("test")
      .scheduled(0, "one")
      .turn()
      .completed(0, 1)
      .scheduled(1, "two");
    events.turn().completed(0, "again").completed(7, "of nothing");
    const test = new TestInstance([defineOrchestration("test", one)], {}, stored(events));

    test.complete(1, "end");

    expect(test.output).toBe("end");
  });
});
