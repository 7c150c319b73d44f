import type { OrchestrationContext, OrchestrationGenerator, Task } from "../src";
import { started } from "./support/test-instance";

type Code = (ctx: OrchestrationContext) => OrchestrationGenerator<unknown>;

function run(code: Code): ReturnType<typeof started> {
  return started(code);
}

describe("all", () => {
  it("gives results in argument order", () => {
    const test = run(function* (ctx) {
      return yield* ctx.all([ctx.callActivity("a"), ctx.callActivity("b"), ctx.callActivity("c")]);
    });

    test.complete(2, "c");
    test.complete(0, "a");
    test.complete(1, "b");

    expect(test.output).toEqual(["a", "b", "c"]);
  });

  it("of nothing is an empty array at once", () => {
    const test = run(function* (ctx) {
      return yield* ctx.all([]);
    });

    expect(test.output).toEqual([]);
  });

  it("fails with the first failure in history order, at once", () => {
    const test = run(function* (ctx) {
      yield* ctx.all([ctx.callActivity("a"), ctx.callActivity("b"), ctx.callActivity("c")]);
    });

    test.fail(2, new Error("c failed first"));

    expect(test.state.failure?.errorMessage).toBe("c failed first");
  });

  it("finds the first failure in history order among tasks that ended before", () => {
    const test = run(function* (ctx) {
      const tasks = [ctx.callActivity("a"), ctx.callActivity("b")];
      yield* ctx.waitForExternalEvent("go");
      yield* ctx.all(tasks);
    });

    test.fail(1, new Error("b failed first"));
    test.fail(0, new Error("a failed second"));
    test.raise("go");

    expect(test.state.failure?.errorMessage).toBe("b failed first");
  });

  it("counts children that ended before", () => {
    const test = run(function* (ctx) {
      const a = ctx.callActivity("a");
      yield* a;
      return yield* ctx.all([a, ctx.callActivity("b")]);
    });

    test.complete(0, 1);
    test.complete(1, 2);

    expect(test.output).toEqual([1, 2]);
  });

  it("gives a task that is listed twice twice", () => {
    const test = run(function* (ctx) {
      const a = ctx.callActivity("a");
      return yield* ctx.all([a, a]);
    });

    test.complete(0, 1);

    expect(test.output).toEqual([1, 1]);
  });

  it("is not changed by changing the array afterwards", () => {
    const test = run(function* (ctx) {
      const tasks: Task<unknown>[] = [ctx.callActivity("a")];
      const all = ctx.all(tasks);
      tasks.push(ctx.callActivity("b"));
      return yield* all;
    });

    test.complete(0, 1);

    expect(test.output).toEqual([1]);
  });

  it("keeps falsy results", () => {
    const test = run(function* (ctx) {
      return yield* ctx.all([ctx.callActivity("a"), ctx.callActivity("b"), ctx.callActivity("c")]);
    });

    test.deliver(
      test.message.completed(0, 0),
      test.message.completed(1, ""),
      test.message.completed(2, null),
    );

    expect(test.output).toEqual([0, "", null]);
  });

  it.each<[string, unknown]>([
    ["a promise", [Promise.resolve(1)]],
    ["undefined", [undefined]],
    ["a generator", [(function* () {})()]],
    ["no array", 1],
    ["nothing", undefined],
  ])("refuses %s in user code", (_what, tasks) => {
    for (const name of ["all", "allSettled", "any", "race"] as const) {
      const test = run(function* (ctx) {
        try {
          yield* ctx[name](tasks as Task<unknown>[]);
        } catch (error) {
          return (error as { code: string }).code;
        }
        return "not reached";
      });

      expect(test.output).toBe("InvalidArgument");
    }
  });
});

describe("allSettled", () => {
  it("tells how each task ended and never fails", () => {
    const test = run(function* (ctx) {
      const outcomes = yield* ctx.allSettled([ctx.callActivity("a"), ctx.callActivity("b")]);
      return outcomes.map((o) => (o.status === "completed" ? o.result : o.error.message));
    });

    test.fail(1, new Error("boom"));
    test.complete(0, 1);

    expect(test.output).toEqual([1, "Activity 'b' failed: boom"]);
  });

  it("of nothing is an empty array at once", () => {
    const test = run(function* (ctx) {
      return yield* ctx.allSettled([]);
    });

    expect(test.output).toEqual([]);
  });
});

describe("any", () => {
  it("gives the winning task", () => {
    const test = run(function* (ctx) {
      const a = ctx.callActivity("a");
      const b = ctx.callActivity("b");
      const winner = yield* ctx.any([a, b]);
      return [winner === b, yield* winner];
    });

    test.complete(1, "b");

    expect(test.output).toEqual([true, "b"]);
  });

  it.each(["any", "race"] as const)("%s of nothing throws", (name) => {
    const test = run(function* (ctx) {
      return yield* ctx[name]([]);
    });

    expect(test.state.failure).toMatchObject({
      errorType: "InvalidArgument",
      errorMessage: `ctx.${name}([]) would never end: give at least one task.`,
    });
  });

  it("is won by a failed task, whose failure is thrown only when it is waited for", () => {
    const test = run(function* (ctx) {
      const a = ctx.callActivity("a");
      const winner = yield* ctx.any([a, ctx.callActivity("b")]);
      try {
        yield* winner;
      } catch {
        return [winner === a, winner.isCompleted];
      }
      return "not reached";
    });

    test.fail(0);

    expect(test.output).toEqual([true, true]);
  });

  it("is decided by the order of one batch", () => {
    const test = run(function* (ctx) {
      const tasks = [ctx.callActivity("a"), ctx.callActivity("b"), ctx.callActivity("c")];
      return tasks.indexOf(yield* ctx.any(tasks));
    });

    test.deliver(test.message.completed(1), test.message.completed(2), test.message.completed(0));

    expect(test.output).toBe(1);
  });

  it("picks the first in history among tasks that ended before, whatever their place", () => {
    const test = run(function* (ctx) {
      const tasks = [ctx.callActivity("a"), ctx.callActivity("b"), ctx.callActivity("c")];
      yield* ctx.waitForExternalEvent("go");
      return tasks.indexOf(yield* ctx.any(tasks));
    });

    test.complete(2);
    test.complete(0);
    test.raise("go");

    expect(test.output).toBe(2);
  });

  it.each([
    ["the event", ["event", "timer"], 1],
    ["the timer", ["timer", "event"], 0],
  ])("between a fired timer and a buffered event is won by what came first: %s", (_what, order, winner) => {
    const test = run(function* (ctx) {
      const timer = ctx.createTimer("1s");
      yield* ctx.callActivity("busy");
      const tasks = [timer, ctx.waitForExternalEvent("e")];
      return tasks.indexOf(yield* ctx.any<Task<unknown>[]>(tasks));
    });

    for (const what of order) {
      if (what === "timer") test.fire(0);
      else test.raise("e");
    }
    test.complete(1);

    expect(test.output).toBe(winner);
  });

  it("counts all buffered events that a nested all needs", () => {
    const test = run(function* (ctx) {
      const timer = ctx.createTimer("1s");
      yield* ctx.callActivity("busy");
      const three = ctx.all([1, 2, 3].map(() => ctx.waitForExternalEvent("vote")));
      return (yield* ctx.any([three, timer])) === timer ? "timer" : "votes";
    });

    test.raise("vote");
    test.raise("vote");
    test.fire(0);
    test.raise("vote");
    test.complete(1);

    expect(test.output).toBe("timer");
  });

  it("nests", () => {
    const test = run(function* (ctx) {
      const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => ctx.callActivity(name)) as [
        Task<unknown>,
        Task<unknown>,
        Task<unknown>,
        Task<unknown>,
      ];
      const left = ctx.all([a, b]);
      const right = ctx.any([ctx.all([c, d]), ctx.createTimer("1h")]);
      const winner = yield* ctx.any([left, right]);
      return winner === left ? "left" : "right";
    });

    test.complete(0);
    test.complete(2);
    test.complete(3);

    expect(test.output).toBe("right");
  });

  it("nested over what ended before is decided by when its parts ended", () => {
    const test = run(function* (ctx) {
      const tasks = ["a", "b", "c", "d"].map((name) => ctx.callActivity(name));
      yield* ctx.waitForExternalEvent("go");
      const late = ctx.all(tasks.slice(0, 2));
      const early = ctx.all(tasks.slice(2));
      return (yield* ctx.any([late, early])) === early;
    });

    test.complete(0);
    test.complete(2);
    test.complete(3);
    test.complete(1);
    test.raise("go");

    expect(test.output).toBe(true);
  });

  it("can share a task with another composite", () => {
    const test = run(function* (ctx) {
      const shared = ctx.waitForExternalEvent<string>("e");
      const one = ctx.run(function* () {
        return (yield* ctx.any([shared, ctx.createTimer("1h")])) === shared;
      });
      const two = ctx.run(function* () {
        const [value] = yield* ctx.all([shared, ctx.callActivity("a")]);
        return value;
      });
      return [yield* ctx.all([one, two]), yield* ctx.waitForExternalEvent("e")];
    });

    test.raise("e", "shared");
    test.complete(1);
    test.raise("e", "next");

    expect(test.output).toEqual([[true, "shared"], "next"]);
  });

  it("keeps a shared wait open for the composite that still wants it", () => {
    const test = run(function* (ctx) {
      const shared = ctx.waitForExternalEvent<string>("e");
      const patient = ctx.run(function* () {
        return yield* ctx.any([shared]);
      });
      yield* ctx.any([shared, ctx.createTimer("1s")]);
      const winner = yield* patient;
      return yield* winner;
    });

    test.fire(0);
    test.raise("e", "taken");

    expect(test.output).toBe("taken");
  });

  it("that is looked at again ends when the last of its children did, not the one heard of last", () => {
    const test = run(function* (ctx) {
      const timer = ctx.createTimer("1s");
      const both = ctx.all([ctx.waitForExternalEvent("e"), ctx.callActivity("a")]);
      yield* ctx.any([both, ctx.waitForExternalEvent("later")]);
      yield* ctx.waitForExternalEvent("look");
      return (yield* ctx.any([both, timer])) === timer;
    });

    test.raise("later");
    test.raise("e");
    test.fire(0);
    test.complete(1);
    test.raise("look");

    expect(test.output).toBe(true);
  });

  it("hears of a child that ended while nobody was looking", () => {
    const test = run(function* (ctx) {
      const a = ctx.callActivity("a");
      const b = ctx.callActivity("b");
      const both = ctx.all([a, b]);
      yield* ctx.any([both, ctx.waitForExternalEvent("later")]);
      yield* ctx.waitForExternalEvent("look");
      return yield* both;
    });

    test.raise("later");
    test.complete(0, 1);
    test.complete(1, 2);
    test.raise("look");

    expect(test.output).toEqual([1, 2]);
  });
});

describe("race", () => {
  it("gives the result of the first task to end", () => {
    const test = run(function* (ctx) {
      return yield* ctx.race([ctx.callActivity("a"), ctx.callActivity("b")]);
    });

    test.complete(1, "b");

    expect(test.output).toBe("b");
  });

  it("throws the failure of the first task to end", () => {
    const test = run(function* (ctx) {
      return yield* ctx.race([ctx.callActivity("a"), ctx.callActivity("b")]);
    });

    test.fail(1, new Error("boom"));

    expect(test.state.failure?.errorMessage).toBe("boom");
  });

  it("can lose to a timer, which is then the result", () => {
    const test = run(function* (ctx) {
      return [(yield* ctx.race([ctx.callActivity("a"), ctx.createTimer("1s")])) === undefined];
    });

    test.fire(1);

    expect(test.output).toEqual([true]);
  });
});

describe("run", () => {
  it("runs branches concurrently", () => {
    const test = run(function* (ctx) {
      const branch = (name: string): Task<unknown> =>
        ctx.run(function* () {
          const first = yield* ctx.callActivity<number>(`${name}1`);
          return yield* ctx.callActivity(`${name}2`, first);
        });
      return yield* ctx.all([branch("a"), branch("b")]);
    });
    expect(test.decided.map(([, name]) => name)).toEqual(["a1", "b1"]);

    test.complete(1);
    expect(test.decided.map(([, name]) => name)).toEqual(["b2"]);
    test.complete(2, "B");
    test.complete(0);
    test.complete(3, "A");

    expect(test.output).toEqual(["A", "B"]);
  });

  it("runs to its first wait when called", () => {
    const test = run(function* (ctx) {
      const seen: string[] = [];
      ctx.run(function* () {
        seen.push("branch");
        yield* ctx.callActivity("a");
      });
      seen.push("caller");
      return seen;
    });

    expect(test.output).toEqual(["branch", "caller"]);
  });

  it("throws its error where it is waited for", () => {
    const test = run(function* (ctx) {
      const branch = ctx.run(function* () {
        throw new RangeError("in the branch");
      });
      try {
        yield* branch;
      } catch (error) {
        return (error as Error).message;
      }
      return "not reached";
    });

    expect(test.output).toBe("in the branch");
  });

  it("does not fail the instance when nobody waits for a failed branch", () => {
    const test = run(function* (ctx) {
      ctx.run(function* () {
        throw new RangeError("unseen");
      });
      return "fine";
    });

    expect(test.output).toBe("fine");
  });

  it("ends with the instance", () => {
    const test = run(function* (ctx) {
      ctx.run(function* () {
        yield* ctx.callActivity("slow");
        yield* ctx.callActivity("never");
      });
      yield* ctx.callActivity("quick");
    });

    test.deliver(test.message.completed(1), test.message.completed(0));

    expect(test.status).toBe("Completed");
    expect(test.decided).toEqual([]);
  });

  it.each([[() => 1], [() => Promise.resolve(1)], [() => undefined], [async () => 1]])(
    "refuses what is no generator function: %p",
    (routine) => {
      const test = run(function* (ctx) {
        yield* ctx.run(routine as never);
      });

      expect(test.state.failure?.errorType).toBe("InvalidDefinition");
    },
  );
});

describe("map", () => {
  it("gives results in item order", () => {
    const test = run(function* (ctx) {
      return yield* ctx.map(["a", "b", "c"], (name, index) => ctx.callActivity(name, index));
    });

    test.complete(2, "C");
    test.complete(0, "A");
    test.complete(1, "B");

    expect(test.output).toEqual(["A", "B", "C"]);
  });

  it("works on at most so many items at a time", () => {
    const test = run(function* (ctx) {
      return yield* ctx.map([1, 2, 3, 4, 5], (n) => ctx.callActivity("square", n), { concurrency: 2 });
    });
    expect(test.decided).toHaveLength(2);

    test.complete(1, 4);
    expect(test.decided).toHaveLength(1);
    test.deliver(test.message.completed(0, 1), test.message.completed(2, 9));
    expect(test.decided).toHaveLength(2);
    test.complete(4, 25);
    test.complete(3, 16);

    expect(test.output).toEqual([1, 4, 9, 16, 25]);
  });

  it("takes generators as bodies", () => {
    const test = run(function* (ctx) {
      return yield* ctx.map([1, 2], function* (n) {
        const once = yield* ctx.callActivity<number>("double", n);
        return yield* ctx.callActivity<number>("double", once);
      });
    });

    test.complete(0, 2);
    test.complete(1, 4);
    test.complete(2, 4);
    test.complete(3, 8);

    expect(test.output).toEqual([4, 8]);
  });

  it("fails with the first failure and starts no more items", () => {
    const test = run(function* (ctx) {
      try {
        yield* ctx.map([1, 2, 3, 4], (n) => ctx.callActivity("a", n), { concurrency: 2 });
      } catch (error) {
        yield* ctx.waitForExternalEvent("end");
        return (error as Error).message;
      }
      return "not reached";
    });

    test.fail(0, new Error("boom"));
    test.complete(1);
    test.raise("end");

    expect(test.output).toBe("Activity 'a' failed: boom");
    expect(test.events("TaskScheduled")).toHaveLength(2);
  });

  it("of nothing is an empty array", () => {
    const test = run(function* (ctx) {
      return yield* ctx.map([], () => ctx.callActivity("a"));
    });

    expect(test.output).toEqual([]);
  });

  it.each([[0], [-1], [1.5], [Number.NaN], [Number.POSITIVE_INFINITY]])(
    "refuses a concurrency of %p",
    (concurrency) => {
      const test = run(function* (ctx) {
        return yield* ctx.map([1], () => ctx.callActivity("a"), { concurrency });
      });

      expect(test.state.failure?.errorMessage).toBe(
        `map.concurrency is ${concurrency}: give a whole number of 1 or more.`,
      );
    },
  );
});
