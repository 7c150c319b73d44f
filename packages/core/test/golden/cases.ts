import { defineOrchestration } from "../../src";
import type { AnyOrchestration, OrchestrationHandler } from "../../src";
import { T0 } from "../support/history";
import type { AnyHandler, TestInstance } from "../support/test-instance";

/** Code whose recorded histories must replay for ever, and how one was recorded. */
export interface GoldenCase {
  /** The first format it was recorded in. */
  readonly since: string;
  /** What is deployed, by the name turns refer to it. */
  readonly code: Readonly<Record<string, readonly AnyOrchestration[]>>;
  record(deploy: (code: string) => TestInstance): void;
}

function test(handler: AnyHandler): readonly AnyOrchestration[] {
  return [defineOrchestration("test", handler)];
}

const activities: GoldenCase = {
  since: "0.1",
  code: {
    v1: test(function* (ctx, order: { id: number }) {
      ctx.setCustomStatus("reserving");
      const reserved = yield* ctx.callActivity("reserve", order, {
        retry: { maxAttempts: 3, firstRetryInterval: "1s", backoffCoefficient: 2, jitter: 0.5 },
      });
      try {
        yield* ctx.callActivity("charge", reserved, { timeout: "30s" });
      } catch (error) {
        ctx.log.warn("not charged", { reason: (error as Error).message });
        yield* ctx.callActivity("release", [ctx.newGuid(), ctx.random(), ctx.currentUtcDateTime]);
        throw error;
      }
    }),
  },
  record(deploy) {
    const it = deploy("v1");
    it.start("test", { id: 7 });
    it.now += 10;
    it.fail(0, new TypeError("out of order", { cause: new Error("no power") }));
    it.fire(1);
    it.complete(2, { shelf: 3 });
    it.fire(4);
    it.complete(3, "late");
    it.complete(5);
  },
};

const races: GoldenCase = {
  since: "0.1",
  code: {
    v1: test(function* (ctx) {
      const deadline = ctx.createTimer("1h");
      const seen: unknown[] = [];
      while (seen.length < 3) {
        const yes = ctx.waitForExternalEvent("yes");
        const no = ctx.waitForExternalEvent("no");
        const winner = yield* ctx.any([yes, no, deadline]);
        if (winner === deadline) break;
        seen.push([winner === yes, yield* winner]);
        yield* ctx.callActivity("count", seen.length);
      }
      const rest = yield* ctx.waitForExternalEvent("no", { timeout: "1m" });
      const [settled] = yield* ctx.allSettled([ctx.race([ctx.callActivity("a"), ctx.callActivity("b")])]);
      const squares = yield* ctx.map([1, 2, 3], (n) => ctx.callActivity("square", n), { concurrency: 2 });
      return { seen, rest, settled: settled.status, squares };
    }),
  },
  record(deploy) {
    const it = deploy("v1");
    const open = (): readonly number[] =>
      it.events("TaskScheduled").flatMap(({ eventId }) => (it.live.isOpen(eventId) ? [eventId] : []));
    it.deliver(it.message.event("NO", "early"), it.message.start("test"));
    it.deliver(it.message.event("no", 1), it.message.event("yes", 2), it.message.completed(1));
    it.complete(open()[0] ?? -1);
    it.raise("other");
    it.complete(open()[0] ?? -1);
    it.fire(it.events("TimerCreated").at(-1)?.eventId ?? -1);
    it.fail(open().at(-1) ?? -1);
    while (it.status === "Running") it.complete(open().at(-1) ?? -1, open().length);
  },
};

const children: GoldenCase = {
  since: "0.1",
  code: {
    v1: test(function* (ctx, n: number) {
      ctx.sendEvent("audit", "began", { n });
      const derived = ctx.callSubOrchestrator("child", n);
      const named = ctx.callSubOrchestrator("child", null, {
        instanceId: "named",
        version: "2",
        tags: { tenant: "b" },
        retry: { maxAttempts: 2 },
      });
      try {
        return yield* ctx.all([derived, named]);
      } catch (error) {
        return (error as Error).message;
      }
    }),
  },
  record(deploy) {
    const it = deploy("v1");
    const parent = { name: "root", instanceId: "r1", executionId: "r".repeat(32), taskScheduledId: 4 };
    it.start("test", 0, { parent, tags: { tenant: "a" }, version: "1" });
    it.deliver(it.message.childFailed(2, new Error("refused")));
    it.fire(3);
    it.deliver(it.message.childCompleted(1, ""), it.message.childFailed(4, new RangeError("again")));
  },
};

const generations: GoldenCase = {
  since: "0.1",
  code: {
    v1: test(function* (ctx, n: number) {
      if (n === 0) ctx.setCustomStatus({ generation: n });
      const payload = yield* ctx.waitForExternalEvent<number>("add");
      ctx.callActivity("record", payload);
      ctx.createTimer("90d");
      if (n < 2) return yield* ctx.continueAsNew(n + 1);
      return yield* ctx.waitForExternalEvent("other");
    }),
  },
  record(deploy) {
    const it = deploy("v1");
    it.start("test", 0);
    it.raise("other", "kept");
    it.raise("add", 1);
    it.deliver(it.message.event("add", 2), it.message.suspend(), it.message.event("add", 3));
    it.deliver(it.message.resume());
  },
};

const wanted: OrchestrationHandler<void, unknown> = function* (ctx) {
  const first = yield* ctx.callActivity("first");
  const [second] = yield* ctx.all([ctx.callActivity("second"), ctx.createTimer("1m")]);
  return [first, second];
};

const lifecycle: GoldenCase = {
  since: "0.1",
  code: {
    wanted: test(wanted),
    broken: test(function* (ctx) {
      yield* ctx.callActivity("something else");
    }),
    missing: [],
  },
  record(deploy) {
    let it = deploy("missing");
    it.start("test", undefined, { scheduledStartTime: T0 + 60_000 });
    it.fire(-1);
    it = deploy("wanted");
    it.deliver(it.message.resume());
    it = deploy("broken");
    it.complete(0, 1);
    it = deploy("wanted");
    it.deliver(it.message.suspend());
    it.fail(1);
    it.deliver(it.message.resume());
    it.deliver(it.message.rewind());
    it.deliver(it.message.completed(1, 2), it.message.suspend());
    it.fire(2);
    it.deliver(it.message.resume());
  },
};

const timers: GoldenCase = {
  since: "0.2",
  code: {
    v1: test(function* (ctx) {
      const first = ctx.createTimer("10d", { name: "first" });
      const second = ctx.createTimer("20d");
      yield* first;
      const seen = [first.fireAt];
      try {
        yield* second;
      } catch (error) {
        seen.push((error as Error).message as never);
      }
      const id = ctx.startDetached("other", 1, { startAt: "1h", ifFinished: "skip", notify: "done" });
      ctx.terminate("somebody", "not needed");
      return [seen, id, yield* ctx.waitForExternalEvent("done", { timeout: "1d" })];
    }),
  },
  record(deploy) {
    const it = deploy("v1");
    it.start("test");
    it.deliver(it.message.moved(0, T0 + 5000, "sooner"), it.message.moved(0, T0 + 3000));
    it.fire(0);
    it.deliver(it.message.cancelled(1, "not wanted"));
    it.raise("done", { instanceId: "x", status: "Completed" });
  },
};

export const cases: Readonly<Record<string, GoldenCase>> = {
  activities,
  races,
  children,
  generations,
  lifecycle,
  timers,
};
