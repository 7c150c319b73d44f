import { StorageUnavailableError, defineActivity, defineOrchestration } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import type { SimulatedProcess } from "../support/simulated-hub";
import { WrongMachine } from "../support/wrong-machine";
import { CONTROL, FaultHub, PARTITIONS, WORK_ITEMS } from "./fault-hub";

const HOUR_MS = 3_600_000;

const nap = defineOrchestration("nap", function* (ctx, ms: number) {
  const before = ctx.currentUtcDateTime.getTime();
  yield* ctx.createTimer(ms);
  return ctx.currentUtcDateTime.getTime() - before;
});
const naps = defineOrchestration("naps", function* (ctx, until: number) {
  yield* ctx.all(Array.from({ length: 10_000 }, () => ctx.createTimer(new Date(until))));
  return ctx.currentUtcDateTime.getTime();
});
const nothing = defineOrchestration("nothing", function* () {
  return "done";
});
const answer = defineActivity("answer", () => 42);
const asking = defineOrchestration("asking", function* (ctx) {
  yield* ctx.waitForExternalEvent("go");
  return yield* ctx.callActivity(answer);
});
const code = { orchestrations: [nap, naps, nothing, asking] };
const NEVER = new Promise<never>(() => undefined);

describe("time", () => {
  it.each([
    ["an hour ahead", HOUR_MS],
    ["an hour back", -HOUR_MS],
    ["to 1970", -Date.UTC(2030, 0, 1)],
  ])("F19: that jumps %s in the worker, and is put right later, loses no timer", async (_name, errorMs) => {
    const hub = await FaultHub.open(code, { maxPollInterval: "60s", leaseRenewInterval: "10s" });
    const machine = new WrongMachine(hub.hub.clock);
    hub.spawn({ clock: machine.clock });
    const handles: InstanceHandle<number>[] = [];
    for (const ms of [10_000, 100_000, HOUR_MS]) handles.push(await hub.run(hub.client.startNew(nap, ms)));
    await hub.pass(5000);
    machine.errorMs = errorMs;
    await hub.pass(60_000);
    machine.errorMs = 0;

    for (const handle of handles) {
      const elapsed = await hub.run(handle.result({ timeout: "10h" }), 10 * HOUR_MS);
      expect(elapsed).toBeGreaterThanOrEqual(handle === handles[0] ? 10_000 : 100_000);
    }
    expect(await hub.leftovers()).toEqual([]);
    expect(await hub.deadLetters()).toEqual([]);
  });

  it("F19: that is behind lets an owner trust a lease that is over, but delete nothing of its successor's", async () => {
    const hub = await FaultHub.open(code, { leaseRenewInterval: "10s" });
    const behind = new WrongMachine(hub.hub.clock, -60_000);
    const held = new Map<SimulatedProcess, Promise<void>>();
    const answering = hub.hub.process();
    hub.onRequests((process, { operation, resource }, when) => {
      if (when === "after" || process === hub.clientProcess) return undefined;
      if (resource === WORK_ITEMS && operation === "receiveMessages" && process !== answering)
        throw new StorageUnavailableError("only one of them gets activities");
      const isHeld = resource === PARTITIONS || (resource === CONTROL && operation === "receiveMessages");
      return isHeld ? held.get(process) : undefined;
    });
    const late = hub.spawn({ clock: behind.clock });
    late.storage.dateErrorMs = -60_000; // what it hears of storage's clock is as wrong
    const handle = await hub.run(hub.client.startNew(asking));
    await hub.run(handle.waitForStart());
    await hub.pass(3000);

    let goOn = (): void => undefined;
    held.set(late, new Promise((resolve) => (goOn = resolve)));
    const successor = hub.spawn();
    await hub.pass(2000);
    await hub.run(handle.raiseEvent("go"));
    await hub.pass(2000);
    held.set(successor, NEVER);
    hub.spawn({ code: { activities: [answer] }, process: answering });
    await hub.pass(2000);
    await hub.stop(answering);
    const isAnswered = (): boolean =>
      hub.queues()[CONTROL]!.some(({ text }) => text.includes("TaskCompleted"));
    expect(isAnswered()).toBe(true);
    goOn();
    await hub.pass(1000);
    successor.kill();
    held.clear();
    hub.spawn({ code: { ...code, activities: [answer] } });

    expect(await hub.run(handle.result({ timeout: "10m" }))).toBe(42);
  });

  it("F19: that differs by five minutes between two workers costs hand-overs and no instance", async () => {
    const hub = await FaultHub.open(code, { partitionCount: 2, leaseRenewInterval: "5s" });
    const ahead = new WrongMachine(hub.hub.clock, 300_000);
    const drifting = new WrongMachine(hub.hub.clock);
    hub.spawn({ clock: ahead.clock });
    hub.spawn({ clock: drifting.clock });
    const handles: InstanceHandle<number>[] = [];
    for (let n = 0; n < 20; n++) {
      drifting.errorMs -= 500;
      handles.push(await hub.run(hub.client.startNew(nap, 20_000)));
      await hub.pass(500);
    }

    const waiting = handles.map((handle) => handle.result({ timeout: "1h" }));
    const elapsed = await hub.run(Promise.all(waiting));
    expect(Math.min(...elapsed)).toBeGreaterThanOrEqual(20_000);
    expect(await hub.leftovers()).toEqual([]);
    expect(await hub.deadLetters()).toEqual([]);
  });

  it("F20: at which 10,000 timers are due lets all of them fire", async () => {
    const hub = await FaultHub.open(code, { messageVisibility: "60s", leaseRenewInterval: "10s" });
    hub.spawn();
    const until = hub.now + 600_000;
    const handle = await hub.run(hub.client.startNew(naps, until));

    const firedAt = await hub.run(handle.result({ timeout: "1h" }));
    expect(firedAt).toBeGreaterThanOrEqual(until);
    expect(firedAt).toBeLessThan(until + 60_000);
    expect(await hub.leftovers()).toEqual([]);
  }, 60_000);

  it("F20: at which 1,000 instances start lets all of them end", async () => {
    const hub = await FaultHub.open(code, { partitionCount: 4, messageVisibility: "60s" });
    hub.spawn();
    const handles = await hub.run(
      Promise.all(Array.from({ length: 1000 }, () => hub.client.startNew(nothing))),
    );
    expect(await hub.leftovers()).toEqual([]);
    const statuses = await hub.run(Promise.all(handles.map((handle) => handle.status())));

    expect(statuses.filter(({ status }) => status !== "Completed")).toEqual([]);
    expect(await hub.deadLetters()).toEqual([]);
  }, 60_000);

  it("F22: an activity takes beyond the visibility of its message does not make it run twice", async () => {
    let runs = 0;
    const hub = await FaultHub.open({
      orchestrations: [
        defineOrchestration("main", function* (ctx) {
          return yield* ctx.callActivity<number>("slow");
        }),
      ],
    });
    const slow = defineActivity("slow", async () => {
      await hub.hub.clock.sleep(60_000);
      return ++runs;
    });
    hub.spawn({ code: { ...hub.code, activities: [slow] } });
    hub.spawn({ code: { ...hub.code, activities: [slow] } });
    const handle = await hub.run(hub.client.startNew("main"));

    expect(await hub.run(handle.result())).toBe(1);
    await hub.pass(60_000);
    expect(runs).toBe(1);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F31: without work makes looks rarer, but no rarer than asked for, and never between worker and its own client", async () => {
    const hub = await FaultHub.open(code, { maxPollInterval: "20s", leaseRenewInterval: "10s" });
    const worker = hub.spawn();
    await hub.pass(HOUR_MS);
    const before = worker.storage.requests;
    await hub.pass(HOUR_MS);
    expect(worker.storage.requests - before).toBeLessThan((2 * 3600) / 18 + 3600 / 40);

    const asked = hub.now;
    await hub.run((await hub.run(hub.client.startNew(nothing))).result());
    expect(hub.now - asked).toBeLessThan(23_000);

    await hub.pass(HOUR_MS);
    const own = hub.hub.client(worker);
    const askedAgain = hub.now;
    await hub.run((await hub.run(own.startNew(nothing))).result());
    expect(hub.now - askedAgain).toBeLessThan(100);
    await hub.stopAll();
  });

  it.skip("F35 (skipped: schedules are not built): two schedulers fire a tick once", () => undefined);
  it.skip("F36 (skipped: schedules are not built): a schedule is edited between ticks", () => undefined);
  it.skip("F37 (skipped: schedules are not built): the host sleeps through a tick", () => undefined);
});
