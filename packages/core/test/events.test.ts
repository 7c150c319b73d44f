import { defineEvent, defineOrchestration } from "../src";
import { TestHub } from "./support/test-hub";
import { TestInstance, started } from "./support/test-instance";

describe("waitForExternalEvent", () => {
  it("resumes with the payload", () => {
    const test = started(function* (ctx) {
      return yield* ctx.waitForExternalEvent("approval");
    });

    test.raise("approval", { approved: true });

    expect(test.output).toEqual({ approved: true });
  });

  it("takes a definition as well as a name", () => {
    const approval = defineEvent<number>("approval");
    const test = started(function* (ctx) {
      return yield* ctx.waitForExternalEvent(approval);
    });

    test.raise("approval", 1);

    expect(test.output).toBe(1);
  });

  it.each([[0], [""], [false], [null]])("carries %j", (payload) => {
    const test = started(function* (ctx) {
      return [yield* ctx.waitForExternalEvent("e")];
    });

    test.raise("e", payload);

    expect(test.output).toEqual([payload]);
  });

  it("matches names case-insensitively", () => {
    const test = started(function* (ctx) {
      return yield* ctx.waitForExternalEvent("Größe Ändern");
    });

    test.raise("GRÖßE ÄNDERN", 1);

    expect(test.output).toBe(1);
  });

  it("keeps a hundred events that come before the first wait, in order and apart by name", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("first");
      const seen: number[] = [];
      for (let i = 0; i < 50; i++) seen.push(yield* ctx.waitForExternalEvent<number>("odd"));
      for (let i = 0; i < 50; i++) seen.push(yield* ctx.waitForExternalEvent<number>("even"));
      return seen;
    });

    for (let i = 0; i < 100; i++) test.raise(i % 2 === 0 ? "even" : "odd", i);
    test.complete(0);

    const numbers = Array.from({ length: 100 }, (_, i) => i);
    expect(test.output).toEqual([
      ...numbers.filter((i) => i % 2 === 1),
      ...numbers.filter((i) => i % 2 === 0),
    ]);
  });

  it("takes an event of the batch that starts the instance, even if it comes before the start", () => {
    const test = new TestInstance([
      defineOrchestration("test", function* (ctx) {
        return [yield* ctx.waitForExternalEvent("a"), yield* ctx.waitForExternalEvent("b")];
      }),
    ]);

    test.deliver(test.message.event("a", 1), test.message.start("test"), test.message.event("b", 2));

    expect(test.output).toEqual([1, 2]);
  });

  it("serves the oldest wait first", () => {
    const test = started(function* (ctx) {
      return yield* ctx.all([
        ctx.waitForExternalEvent("e"),
        ctx.waitForExternalEvent("e"),
        ctx.waitForExternalEvent("e"),
      ]);
    });

    test.deliver(test.message.event("e", 1), test.message.event("e", 2));
    test.raise("e", 3);

    expect(test.output).toEqual([1, 2, 3]);
  });

  it("serves waits by age, whatever order they are observed in", () => {
    const test = started(function* (ctx) {
      const old = ctx.waitForExternalEvent("e");
      const young = ctx.waitForExternalEvent("e");
      const both = [
        ctx.run(function* () {
          return ["young", yield* young];
        }),
        ctx.run(function* () {
          return ["old", yield* old];
        }),
      ];
      return yield* ctx.all(both);
    });

    test.raise("e", 1);
    test.raise("e", 2);

    expect(test.output).toEqual([
      ["young", 2],
      ["old", 1],
    ]);
  });

  it("takes nothing before it is waited for", () => {
    const test = started(function* (ctx) {
      ctx.waitForExternalEvent("e"); // forgotten
      return yield* ctx.waitForExternalEvent("e");
    });

    test.raise("e", 1);

    expect(test.output).toBe(1);
  });

  it("ignores what it is not waiting for", () => {
    const test = started(function* (ctx) {
      return yield* ctx.waitForExternalEvent("wanted");
    });

    test.raise("unwanted");

    expect(test.status).toBe("Running");
  });

  it("gives the same event to nobody twice", () => {
    const test = started(function* (ctx) {
      return [yield* ctx.waitForExternalEvent("e"), yield* ctx.waitForExternalEvent("e")];
    });
    const event = test.message.event("e", 1);

    test.deliver(event, event);
    expect(test.deliver(event).checkpoint).toBeUndefined();
    test.raise("e", 2);

    expect(test.output).toEqual([1, 2]);
  });
});

describe("a wait that lost its race", () => {
  it("does not take the next event", () => {
    const test = started(function* (ctx) {
      yield* ctx.any([ctx.waitForExternalEvent("e"), ctx.createTimer("1s")]);
      return yield* ctx.waitForExternalEvent("e");
    });

    test.fire(0);
    test.raise("e", "for the second wait");

    expect(test.output).toBe("for the second wait");
  });

  it("keeps its place in line when it is waited for again", () => {
    const test = started(function* (ctx) {
      const first = ctx.waitForExternalEvent("e");
      yield* ctx.any([first, ctx.createTimer("1s")]);
      const second = ctx.waitForExternalEvent("e");
      return yield* ctx.all([second, first]);
    });

    test.fire(0);
    test.raise("e", 1);
    test.raise("e", 2);

    expect(test.output).toEqual([2, 1]);
  });

  it("loses no event in a loop of races", () => {
    const test = started(function* (ctx) {
      const seen: string[] = [];
      while (seen.length < 4) {
        const a = ctx.waitForExternalEvent<string>("a");
        const b = ctx.waitForExternalEvent<string>("b");
        const winner = yield* ctx.any([a, b]);
        seen.push(yield* winner);
      }
      return seen;
    });

    test.deliver(test.message.event("b", "b1"), test.message.event("b", "b2"), test.message.event("a", "a1"));
    test.raise("a", "a2");

    expect(test.output).toEqual(["b1", "b2", "a1", "a2"]);
  });

  it("does not take an event that was there before the race", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("first");
      const seen: string[] = [];
      for (let i = 0; i < 2; i++) {
        const a = ctx.waitForExternalEvent<string>("a");
        const b = ctx.waitForExternalEvent<string>("b");
        seen.push(yield* yield* ctx.any([a, b]));
      }
      return seen;
    });

    test.raise("b", "b1");
    test.raise("a", "a1");
    test.complete(0);

    expect(test.output).toEqual(["b1", "a1"]);
  });

  it("does not take an event that came after the winner", () => {
    const test = started(function* (ctx) {
      const timer = ctx.createTimer("1s");
      yield* ctx.callActivity("first");
      const winner = yield* ctx.any([ctx.waitForExternalEvent("e"), timer]);
      return [winner === timer, yield* ctx.waitForExternalEvent("e")];
    });

    test.fire(0);
    test.raise("e", "still there");
    test.complete(1);

    expect(test.output).toEqual([true, "still there"]);
  });

  it("does not take an event that came after the failure of all", () => {
    const test = started(function* (ctx) {
      const failing = ctx.callActivity("fails");
      yield* ctx.callActivity("first");
      try {
        yield* ctx.all([ctx.waitForExternalEvent("e"), failing]);
      } catch {
        return yield* ctx.waitForExternalEvent("e");
      }
      return "not reached";
    });

    test.fail(0);
    test.raise("e", "still there");
    test.complete(1);

    expect(test.output).toBe("still there");
  });

  it("takes nothing more in a nested race that lost", () => {
    const test = started(function* (ctx) {
      const nested = ctx.any([ctx.waitForExternalEvent("e"), ctx.waitForExternalEvent("f")]);
      yield* ctx.any([ctx.all([nested]), ctx.createTimer("1s")]);
      return [yield* ctx.waitForExternalEvent("f"), yield* ctx.waitForExternalEvent("e")];
    });

    test.fire(0);
    test.raise("e", 1);
    test.raise("f", 2);

    expect(test.output).toEqual([2, 1]);
  });
});

describe("the timeout of a wait", () => {
  it("gives undefined when it runs out", () => {
    const test = started(function* (ctx) {
      return [(yield* ctx.waitForExternalEvent("e", { timeout: "1d" })) === undefined];
    });

    test.fire(0);

    expect(test.output).toEqual([true]);
  });

  it("removes its timer when the event comes", () => {
    const test = started(function* (ctx) {
      const payload = yield* ctx.waitForExternalEvent("e", { timeout: "1d" });
      yield* ctx.waitForExternalEvent("end");
      return payload;
    });

    test.raise("e", 1);
    expect(test.checkpoint.cancelledTimers).toEqual([test.timer(0).id]);
    test.raise("end");

    expect(test.output).toBe(1);
  });

  it("leaves the event to the next wait when it ran out before", () => {
    const test = started(function* (ctx) {
      yield* ctx.waitForExternalEvent("e", { timeout: "1s" });
      return yield* ctx.waitForExternalEvent("e", { timeout: "1s" });
    });

    test.fire(0);
    test.raise("e", "late");

    expect(test.output).toBe("late");
  });

  it.each([
    ["event first", ["e", "timer"], "payload"],
    ["timer first", ["timer", "e"], "timed out"],
  ])("is decided by the order of arrival in one batch: %s", (_what, order, expected) => {
    const test = started(function* (ctx) {
      return (yield* ctx.waitForExternalEvent("e", { timeout: "1s" })) ?? "timed out";
    });
    const batch = { e: test.message.event("e", "payload"), timer: test.timer(0) };
    test.now += 1000;

    test.deliver(...order.map((key) => batch[key as "e" | "timer"]));

    expect(test.output).toBe(expected);
  });

  it("needs no timer for an event that is there already, but leaves none behind", () => {
    const test = started(function* (ctx) {
      yield* ctx.callActivity("first");
      const payload = yield* ctx.waitForExternalEvent("e", { timeout: "1d" });
      yield* ctx.waitForExternalEvent("end");
      return payload;
    });
    test.raise("e", 1);

    test.complete(0);

    expect(test.outbox.messages).toEqual([]);
  });
});

describe("sendEvent", () => {
  const receives = defineOrchestration("receives", function* (ctx) {
    return yield* ctx.waitForExternalEvent("ping");
  });

  it("raises an event on another instance and does not wait", () => {
    const sends = defineOrchestration("sends", function* (ctx) {
      ctx.sendEvent("r1", "ping", { from: ctx.instanceId });
      return "sent";
    });
    const hub = new TestHub([sends, receives]);
    const receiver = hub.start("receives", undefined, "r1");

    const sender = hub.start("sends", undefined, "s1");
    hub.run();

    expect([sender.output, receiver.output]).toEqual(["sent", { from: "s1" }]);
  });

  it("raises an event on its own instance", () => {
    const self = defineOrchestration("self", function* (ctx) {
      ctx.sendEvent(ctx.instanceId, "ping", 1);
      return yield* ctx.waitForExternalEvent("ping");
    });
    const hub = new TestHub([self]);

    const test = hub.start("self");
    hub.run();

    expect(test.output).toBe(1);
  });

  it("does not mind that nobody is there", () => {
    const sends = defineOrchestration("sends", function* (ctx) {
      ctx.sendEvent("nobody", "ping");
      return "sent";
    });
    const hub = new TestHub([sends]);

    const test = hub.start("sends");
    hub.run();

    expect(test.output).toBe("sent");
    expect(hub.undeliverable).toHaveLength(1);
  });

  it("refuses what cannot be an instance id, a name or a payload", () => {
    const test = started(function* (ctx) {
      const codes: string[] = [];
      for (const attempt of [
        () => ctx.sendEvent("a/b", "ping"),
        () => ctx.sendEvent("a", ""),
        () => ctx.sendEvent("a", "ping", () => 1),
      ]) {
        try {
          attempt();
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      }
      return codes;
    });

    expect(test.output).toEqual(["InvalidArgument", "InvalidArgument", "NotSerializable"]);
    expect(test.decided).toEqual([]);
  });
});

describe("the events an instance waits for", () => {
  it("are told by its state, with their names as written and since when", () => {
    const test = started(function* (ctx) {
      yield* ctx.createTimer("1h");
      const [a, b] = [ctx.waitForExternalEvent("Approval"), ctx.waitForExternalEvent("Größe")];
      yield* ctx.all([a, b]);
      yield* ctx.createTimer("1h");
    });
    expect(test.state.awaitedEvents).toBeUndefined();

    test.now += 3_600_000;
    const since = test.now;
    test.fire(0);
    expect(test.state.awaitedEvents).toEqual([
      { name: "Approval", since },
      { name: "Größe", since },
    ]);

    test.now += 1000;
    test.raise("APPROVAL");
    expect(test.state.awaitedEvents).toEqual([{ name: "Größe", since }]);

    test.raise("Größe");
    expect(test.state.awaitedEvents).toBeUndefined();
  });

  it("are none of those that lost a race, and none of one that has ended", () => {
    const test = started(function* (ctx) {
      yield* ctx.any([ctx.waitForExternalEvent("late"), ctx.createTimer("1h")]);
      yield* ctx.waitForExternalEvent("last");
    });
    expect(test.state.awaitedEvents).toMatchObject([{ name: "late" }]);

    test.now += 3_600_000;
    test.fire(0);
    expect(test.state.awaitedEvents).toMatchObject([{ name: "last" }]);

    test.raise("last");
    expect(test.state).toMatchObject({ status: "Completed" });
    expect(test.state.awaitedEvents).toBeUndefined();
  });

  it("are the oldest sixteen of many, the same after a replay", () => {
    const test = started(function* (ctx) {
      yield* ctx.all(Array.from({ length: 40 }, (_, i) => ctx.waitForExternalEvent(`e${i}`)));
    });
    const names = (from: number, to: number): unknown[] =>
      Array.from({ length: to - from }, (_, i) => expect.objectContaining({ name: `e${from + i}` }));
    expect(test.state.awaitedEvents).toEqual(names(0, 16));

    test.raise("e0");
    test.goCold();
    test.raise("e1");

    expect(test.state.awaitedEvents).toEqual(names(2, 18));
  });
});
