import { defineOrchestration, runTurn } from "../src";
import { T0 } from "./support/history";
import { TestInstance, started } from "./support/test-instance";

describe("the context", () => {
  it("says who and what the instance is", () => {
    const parent = { name: "p", instanceId: "p1", executionId: "e1", taskScheduledId: 2 };
    const test = started(
      function* (ctx) {
        return [ctx.instanceId, ctx.executionId, ctx.name, ctx.version, ctx.parent, ctx.tags];
      },
      { instanceId: "me", executionId: "x1", version: "7", parent, tags: { tenant: "a" } },
    );

    expect(test.output).toEqual(["me", "x1", "test", "7", parent, { tenant: "a" }]);
  });

  it("has no tags and no parent by default", () => {
    const test = started(function* (ctx) {
      return [ctx.tags, ctx.parent === undefined, ctx.version === undefined];
    });

    expect(test.output).toEqual([{}, true, true]);
  });
});

describe("currentUtcDateTime", () => {
  it("is the time of the turn, equal between two reads, and a copy", () => {
    const test = started(function* (ctx) {
      ctx.currentUtcDateTime.setFullYear(1970);
      const first = ctx.currentUtcDateTime.getTime();
      yield* ctx.callActivity("a");
      return [first, ctx.currentUtcDateTime.getTime(), ctx.currentUtcDateTime.getTime()];
    });
    test.now = T0 + 60_000;
    test.complete(0);

    expect(test.output).toEqual([T0, T0 + 60_000, T0 + 60_000]);
  });

  it("never goes back, whatever the clocks of workers say", () => {
    const test = started(function* (ctx) {
      const times = [ctx.currentUtcDateTime.getTime()];
      for (let i = 0; i < 3; i++) {
        yield* ctx.callActivity("a");
        times.push(ctx.currentUtcDateTime.getTime());
      }
      return times;
    });

    test.now = T0 + 5000;
    test.complete(0);
    test.now = T0 - 300_000;
    test.complete(1);
    test.goCold();
    test.complete(2);

    expect(test.output).toEqual([T0, T0 + 5000, T0 + 5000, T0 + 5000]);
  });
});

describe("newGuid", () => {
  it("gives UUIDs of version 5 that differ by call, instance and generation", () => {
    const generate = (instanceId: string): string[] => {
      const test = started(
        function* (ctx, seen: string[]) {
          const guids = [...seen, ...Array.from({ length: 100 }, () => ctx.newGuid())];
          return seen.length === 0 ? yield* ctx.continueAsNew(guids) : guids;
        },
        { instanceId, input: [] },
      );
      return test.output as string[];
    };

    const all = [...generate("i1"), ...generate("i2")];

    expect(new Set(all).size).toBe(400);
    for (const guid of all)
      expect(guid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("is the same on replay", () => {
    const seen: string[] = [];
    const test = started(function* (ctx) {
      seen.push(ctx.newGuid());
      yield* ctx.callActivity("a");
      return ctx.newGuid();
    });
    test.goCold();
    test.complete(0);

    expect(new Set(seen).size).toBe(1);
    expect(seen.length).toBeGreaterThan(1);
  });
});

describe("random", () => {
  it("is the same on replay, spread over 0 to 1, and differs by instance", () => {
    const draw = (instanceId: string): number[] => {
      const test = started(
        function* (ctx) {
          const numbers = Array.from({ length: 500 }, () => ctx.random());
          yield* ctx.callActivity("a");
          return [...numbers, ctx.random()];
        },
        { instanceId, executionId: instanceId.repeat(16) },
      );
      test.goCold();
      test.complete(0);
      return test.output as number[];
    };

    const numbers = draw("ab");

    expect(numbers).toEqual(draw("ab"));
    expect(numbers).not.toEqual(draw("cd"));
    expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
    expect(numbers.reduce((sum, n) => sum + n, 0) / numbers.length).toBeCloseTo(0.5, 1);
  });
});

describe("isReplaying", () => {
  it("is false exactly once for each statement", () => {
    const reached: string[] = [];
    const test = started(
      function* (ctx) {
        for (const name of ["a", "b", "c"]) {
          if (!ctx.isReplaying) reached.push(name);
          yield* ctx.callActivity(name);
        }
      },
      { compareCold: false },
    );

    for (const id of [0, 1, 2]) {
      test.goCold();
      test.complete(id);
    }

    expect(reached).toEqual(["a", "b", "c"]);
  });
});

describe("log", () => {
  it("hands over each line once, with the turn that reached it", () => {
    const test = started(function* (ctx) {
      ctx.log.info("starting", { step: 1 });
      yield* ctx.callActivity("a");
      ctx.log.debug("one");
      ctx.log.warn("two");
      ctx.log.error("three");
    });
    expect(test.lastTurn?.logs).toEqual([{ level: "info", message: "starting", fields: { step: 1 } }]);

    test.goCold();
    test.complete(0);

    expect(test.lastTurn?.logs).toEqual([
      { level: "debug", message: "one" },
      { level: "warn", message: "two" },
      { level: "error", message: "three" },
    ]);
  });

  it("hands over the lines of all generations of a turn", () => {
    const test = started(
      function* (ctx, n: number) {
        ctx.log.info(`generation ${n}`);
        if (n < 2) yield* ctx.continueAsNew(n + 1);
      },
      { input: 0 },
    );

    expect(test.lastTurn?.logs.map(({ message }) => message)).toEqual([
      "generation 0",
      "generation 1",
      "generation 2",
    ]);
  });
});

describe("setCustomStatus", () => {
  it("shows the last one of a turn", () => {
    const test = started(function* (ctx) {
      ctx.setCustomStatus("one");
      ctx.setCustomStatus({ step: 2 });
      yield* ctx.callActivity("a");
    });

    expect(test.customStatus).toEqual({ step: 2 });
  });

  it.each([[0], [""], [false], [null]])("shows %j", (status) => {
    const test = started(function* (ctx) {
      ctx.setCustomStatus(status);
      yield* ctx.callActivity("a");
    });

    expect(test.state.customStatus).toBe(JSON.stringify(status));
  });

  it("removes it for undefined", () => {
    const test = started(function* (ctx) {
      ctx.setCustomStatus("one");
      yield* ctx.callActivity("a");
      ctx.setCustomStatus(undefined);
      yield* ctx.callActivity("b");
    });
    test.goCold();
    test.complete(0);

    expect(test.state).not.toHaveProperty("customStatus");
  });

  it.each(["Completed", "Failed", "Terminated"])("stays when the instance is %s", (end) => {
    const test = started(function* (ctx) {
      ctx.setCustomStatus("the last");
      yield* ctx.callActivity("a");
    });
    test.goCold();
    if (end === "Completed") test.complete(0);
    else if (end === "Failed") test.fail(0);
    else test.deliver(test.message.terminate());

    expect([test.status, test.customStatus]).toEqual([end, "the last"]);
  });

  it("of a former generation stays through turns that are run cold", () => {
    const test = started(
      function* (ctx, n: number) {
        if (n === 0) {
          ctx.setCustomStatus("of generation 0");
          return yield* ctx.continueAsNew(1);
        }
        yield* ctx.callActivity("a");
        yield* ctx.callActivity("b");
        ctx.setCustomStatus("of generation 1");
        yield* ctx.callActivity("c");
        return "end";
      },
      { input: 0 },
    );

    test.goCold();
    test.complete(0);
    expect(test.customStatus).toBe("of generation 0");
    test.goCold();
    test.complete(1);
    test.goCold();
    test.complete(2);

    expect(test.customStatus).toBe("of generation 1");
  });

  it("lets user code catch what has no JSON form", () => {
    const test = started(function* (ctx) {
      try {
        ctx.setCustomStatus(() => 1);
      } catch (error) {
        return (error as Error).message;
      }
      return "not reached";
    });

    expect(test.output).toBe(
      "The custom status cannot be serialized as JSON: a function has no JSON form. Pass plain data instead.",
    );
  });
});

describe("a live instance", () => {
  it("is hot while it runs, and is to be loaded again once it has ended or is blocked", () => {
    const test = new TestInstance([
      defineOrchestration("test", function* (ctx) {
        yield* ctx.callActivity("a");
      }),
    ]);
    expect(test.live.isHot).toBe(false);
    test.start("test");
    expect(test.live.isHot).toBe(true);
    test.complete(0);
    expect(test.live.isHot).toBe(false);

    const unknown = new TestInstance([]);
    unknown.start("test");
    expect(unknown.live.isHot).toBe(false);
  });

  it("refuses a turn once it is to be loaded again", () => {
    const test = started(function* () {});
    const { live } = test;

    expect(() => runTurn(live, [test.message.rewind()], T0)).toThrow("invariant");
  });

  it("gives up its history once it has been replayed", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("a");
      yield* ctx.callActivity("b");
    });
    test.goCold();
    expect(test.live.history).not.toEqual([]);

    test.complete(0);

    expect(test.live.history).toEqual([]);
  });
});
