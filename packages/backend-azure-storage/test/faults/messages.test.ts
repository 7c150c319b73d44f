import { defineActivity, defineEvent, defineOrchestration, isCompletion } from "@perdure/core";
import { CoreInstance } from "./core-instance";
import { CONTROL, FaultHub, HISTORY, WORK_ITEMS, isCommit } from "./fault-hub";

const note = defineEvent<number>("note");
const waiter = defineOrchestration("waiter", function* (ctx) {
  return yield* ctx.waitForExternalEvent(note);
});
/** Takes one event a generation, until there are as many as asked for. */
const relay = defineOrchestration("relay", function* (ctx, state: { seen: number[]; wanted: number }) {
  const seen = [...state.seen, yield* ctx.waitForExternalEvent(note)];
  return seen.length < state.wanted ? yield* ctx.continueAsNew({ ...state, seen }) : seen;
});
const forward = defineOrchestration("forward", function* (ctx, to: string) {
  ctx.sendEvent(to, note, 7);
  return "sent";
});
const code = { orchestrations: [waiter, relay, forward] };

describe("a message", () => {
  it("F09: cannot be the result of a task that is not committed: nothing is sent and nothing runs before", async () => {
    let runs = 0;
    const local = defineActivity("local", () => ++runs);
    const hub = await FaultHub.open({
      orchestrations: [
        defineOrchestration("main", function* (ctx) {
          return yield* ctx.all([ctx.callActivity("local"), ctx.callActivity<number>("remote")]);
        }),
      ],
      activities: [local],
    });
    const worker = hub.spawn();
    hub.once(worker, "before", isCommit, () => (worker.pausedUntil = hub.now + 300));
    const handle = await hub.run(hub.client.startNew("main"));
    await hub.hub.until(() => worker.pausedUntil > 0, 60_000);
    await hub.pass(200);

    expect(hub.rows(HISTORY)).toEqual([]);
    expect(hub.queues()[WORK_ITEMS]).toEqual([]);
    expect(runs).toBe(0);

    await hub.stop(worker);
    hub.spawn({ code: { ...hub.code, activities: [local, defineActivity("remote", () => 2)] } });
    expect(await hub.run(handle.result())).toEqual([1, 2]);
  });

  it("F10: for an instance that never was, or was purged, becomes one dead letter", async () => {
    const hub = await FaultHub.open(code);
    const worker = hub.spawn();
    const handle = await hub.run(hub.client.startNew(forward, "nobody"));
    await hub.run(handle.result());
    await hub.pass(5000);
    await hub.run(handle.purge());
    await hub.run(hub.client.startNew(forward, handle.instanceId, { instanceId: "second" }));
    await hub.pass(300_000);

    const letters = await hub.deadLetters();
    expect(letters.map(({ instanceId }) => instanceId).sort()).toEqual([handle.instanceId, "nobody"].sort());
    expect(letters.every(({ deliveryCount }) => deliveryCount <= 8)).toBe(true);
    const later = hub.requestsOf(worker);
    await hub.pass(60_000);
    expect(
      later.filter(({ operation }) => operation === "writeRow" || operation === "updateMessage"),
    ).toEqual([]);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F11: of a timer that has fired, was cancelled, or belongs to a former generation means nothing", () => {
    const napper = defineOrchestration("napper", function* (ctx, generation: number) {
      const nap = ctx.createTimer("1h");
      const winner = yield* ctx.any([nap, ctx.waitForExternalEvent("wake")]);
      if (winner !== nap && generation === 0) return yield* ctx.continueAsNew(1);
      yield* ctx.waitForExternalEvent("end");
      return "up";
    });
    const fired = new CoreInstance(napper);
    fired.start("1");
    const timer = fired.sent[0]!;
    fired.now += 3_600_000;
    expect(fired.deliver(timer).checkpoint).toBeDefined();
    expect(fired.deliver(timer).checkpoint).toBeUndefined();

    const cancelled = new CoreInstance(napper);
    cancelled.start("1");
    cancelled.deliver(cancelled.event("wake", 0));
    expect(cancelled.deliver(cancelled.sent[0]!).checkpoint).toBeUndefined();

    const renewed = new CoreInstance(napper);
    renewed.start("0");
    renewed.deliver(renewed.event("wake", 0));
    expect(renewed.sent.filter(({ event }) => event.type === "TimerFired")).toHaveLength(2);
    expect(renewed.deliver(renewed.sent[0]!).checkpoint).toBeUndefined();
    expect(renewed.deliver(renewed.sent[1]!).checkpoint).toBeDefined();
  });

  it("F12: for an instance that is about to start waits for it; clients are told that there is none", async () => {
    const hub = await FaultHub.open(code);
    hub.spawn();

    await expect(hub.run(hub.client.instance("late").raiseEvent(note, 1))).rejects.toMatchObject({
      code: "InstanceNotFound",
    });
    await hub.run(hub.client.startNew(forward, "late"));
    await hub.pass(3000);
    const late = await hub.run(hub.client.startNew(waiter, undefined, { instanceId: "late" }));

    expect(await hub.run(late.result())).toBe(7);
    expect(await hub.deadLetters()).toEqual([]);
  });

  it("F13: that comes while its instance continues as new is carried over, in order", async () => {
    const hub = await FaultHub.open(code);
    hub.spawn();
    const wanted = 30;
    const handle = await hub.run(hub.client.startNew(relay, { seen: [], wanted }));
    for (let n = 0; n < wanted; n++) {
      await hub.run(handle.raiseEvent(note, n));
      if (n % 7 === 0) await hub.pass(100);
    }

    expect(await hub.run(handle.result())).toEqual(Array.from({ length: wanted }, (_, n) => n));
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F26: of an instance that was purged does not reach the next one of that id", async () => {
    let finish: () => void = () => undefined;
    const slow = defineActivity("slow", () => new Promise<void>((resolve) => (finish = resolve)));
    const first = defineOrchestration("first", function* (ctx) {
      ctx.callActivity(slow);
      ctx.createTimer("20s");
      yield* ctx.waitForExternalEvent("end");
    });
    const second = defineOrchestration("second", function* (ctx) {
      return yield* ctx.waitForExternalEvent(note, { timeout: "1m" });
    });
    const hub = await FaultHub.open({ orchestrations: [first, second], activities: [slow] });
    hub.spawn();
    const options = { instanceId: "again" };
    const old = await hub.run(hub.client.startNew(first, undefined, options));
    await hub.run(old.waitForStart());

    await expect(hub.run(old.purge())).rejects.toMatchObject({ code: "InvalidInstanceState" });

    const timers = hub.queues()[CONTROL]!.filter(({ text }) => text.includes("TimerFired"));
    expect(timers).toHaveLength(1);
    await hub.run(old.raiseEvent("end"));
    await hub.run(old.waitForCompletion());
    await hub.run(old.purge());
    const next = await hub.run(hub.client.startNew(second, undefined, options));
    await hub.run(hub.hub.storage.queue(CONTROL).put(timers[0]!.text, 0)); // and the one of old, once more
    finish();

    expect(await hub.run(next.result())).toBeUndefined();
    const history = await hub.run(next.history());
    expect(history.filter(isCompletion)).toHaveLength(1); // its own timeout
    expect(await hub.leftovers()).toEqual([]);
    expect(await hub.deadLetters()).toEqual([]);
  });

  it("F27: to terminate finds one end, whether the instance is pending, suspended or just completing", async () => {
    const child = defineOrchestration("child", function* (ctx) {
      yield* ctx.waitForExternalEvent("never");
    });
    const parent = defineOrchestration("parent", function* (ctx) {
      yield* ctx.callSubOrchestrator(child, undefined, { instanceId: "child" });
    });
    const hub = await FaultHub.open({ orchestrations: [waiter, child, parent] });
    const pending = await hub.run(hub.client.startNew(waiter));
    await hub.run(pending.terminate("not even begun"));
    hub.spawn();
    expect(await hub.run(pending.waitForCompletion())).toMatchObject({ status: "Terminated" });

    const suspended = await hub.run(hub.client.startNew(waiter));
    await hub.run(suspended.suspend());
    await hub.pass(1000);
    await hub.run(suspended.terminate());
    expect(await hub.run(suspended.waitForCompletion())).toMatchObject({ status: "Terminated" });

    for (const terminateFirst of [false, true]) {
      const racing = await hub.run(hub.client.startNew(waiter));
      await hub.run(racing.waitForStart());
      const complete = (): Promise<void> => racing.raiseEvent(note, 1);
      const terminate = (): Promise<void> => racing.terminate();
      await hub.run(
        Promise.all(terminateFirst ? [terminate(), complete()] : [complete(), terminate()]).then(
          () => undefined,
        ),
      );
      const { status } = await hub.run(racing.waitForCompletion());
      expect(status).toBe(terminateFirst ? "Terminated" : "Completed");
      await hub.pass(20_000);
      const history = await hub.run(racing.history());
      expect(history.filter(({ type }) => type === "ExecutionCompleted")).toHaveLength(1);
    }

    const family = await hub.run(hub.client.startNew(parent));
    await hub.pass(2000);
    await hub.run(family.terminate("all of you", { recursive: true }));
    expect(await hub.run(family.waitForCompletion())).toMatchObject({ status: "Terminated" });
    expect(await hub.run(hub.client.instance("child").waitForCompletion())).toMatchObject({
      status: "Terminated",
    });
    expect(await hub.leftovers()).toEqual([]);
    expect(await hub.deadLetters()).toEqual([]);
  });

  it("F28: that answers the execution before a rewind is ignored after it", () => {
    const instance = new CoreInstance(
      defineOrchestration("main", function* (ctx) {
        return yield* ctx.all([ctx.callActivity<number>("a"), ctx.callActivity<number>("b")]);
      }),
    );
    instance.start();
    const former = instance.state!.executionId;
    const failure = { errorType: "Error", errorMessage: "boom" };
    const failed = { type: "TaskFailed", timestamp: instance.now, taskScheduledId: 0, failure } as const;
    instance.deliver(instance.message(failed, former));
    expect(instance.state?.status).toBe("Failed");

    const rewound = { type: "ExecutionRewound", timestamp: instance.now, reason: "again" } as const;
    instance.deliver(instance.message(rewound));
    const late = instance.deliver(instance.completed(0, 1, former), instance.completed(1, 1, former));

    expect(late.checkpoint).toBeUndefined();
    instance.deliver(instance.completed(0, 2), instance.completed(1, 3));
    expect(instance.state).toMatchObject({ status: "Completed", output: "[2,3]" });
  });

  it("F32: to start one id from 100 clients starts it once, and 99 are told", async () => {
    let runs = 0;
    const count = defineActivity("count", () => ++runs);
    const main = defineOrchestration("main", function* (ctx, client: number) {
      yield* ctx.callActivity(count);
      return client;
    });
    const hub = await FaultHub.open({ orchestrations: [main], activities: [count] });
    hub.spawn();
    const clients = Array.from({ length: 100 }, () => hub.hub.client(hub.hub.process()));
    const starts = await hub.run(
      Promise.allSettled(clients.map((client, n) => client.startNew(main, n, { instanceId: "one" }))),
    );
    const winner = starts.findIndex(({ status }) => status === "fulfilled");

    expect(starts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const start of starts)
      if (start.status === "rejected") expect(start.reason).toMatchObject({ code: "InstanceAlreadyExists" });
    expect(await hub.run(hub.client.instance("one").result())).toBe(winner);
    expect(runs).toBe(1);
    expect(await hub.leftovers()).toEqual([]);
  });
});
