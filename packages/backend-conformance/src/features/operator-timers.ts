import { TaskCancelledError, TimerNotFoundError, defineOrchestration } from "@perdure/core";
import type { CompletionReport } from "@perdure/core";
import type { Client, InstanceHandle, PendingTimer } from "@perdure/client";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { runApp } from "./app";
import type { App } from "./app";
import { identity } from "./code";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const sleeper = defineOrchestration("sleeper", function* (ctx, days: number) {
  const timer = ctx.createTimer(`${days}d`, { name: `after ${days} days` });
  try {
    yield* timer;
    return "awake";
  } catch (error) {
    return TaskCancelledError.is(error) ? error.message : "failed";
  }
});

export const operatorTimers: Topic = {
  title: "timers in an operator's hands",
  cases: [
    contractCase(
      "T5: a pending timer is listed with what it waits for, until it is none any more",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [sleeper] });
        const handle = await asleep(app, 400);

        const [timer, ...others] = await app.client.timers.of(handle.instanceId);

        expect(others).toEqual([]);
        expect(timer).toMatchObject({
          ...{ instanceId: handle.instanceId, orchestration: "sleeper", timerId: 0, kind: "timer" },
          name: "after 400 days",
        });
        const { createdAt, fireAt } = timer ?? { createdAt: new Date(0), fireAt: new Date(0) };
        expect(fireAt.getTime() - createdAt.getTime()).toBe(400 * DAY_MS);
        expect((await handle.status()).nextTimerAt).toEqual(fireAt);
        await handle.terminate();
        await app.end(handle);
        expect(await app.client.timers.of(handle.instanceId)).toEqual([]);
        await expect(app.client.timers.of("nobody")).rejects.toMatchObject({ code: "InstanceNotFound" });
      },
    ),

    contractCase("R3: what is due before a time is listed, whatever instance waits for it", async (scene) => {
      const app = await runApp(scene, { orchestrations: [sleeper] });
      for (const days of [1, 3, 30]) await asleep(app, days);
      const now = scene.clock.now();
      await scene.listed();

      const due = await collected(app.client.timers.list({ dueBefore: new Date(now + 4 * DAY_MS) }));

      expect(due.map(({ name }) => name).sort()).toEqual(["after 1 days", "after 3 days"]);
      expect(await collected(app.client.timers.list())).toHaveLength(3);
      expect(await collected(app.client.timers.list({ orchestration: "other" }))).toEqual([]);
    }),

    contractCase("a timer fires when an operator says so, and history tells", async (scene) => {
      const app = await runApp(scene, { orchestrations: [sleeper] });
      const handle = await asleep(app, 30);
      const [timer] = await app.client.timers.of(handle.instanceId);

      await app.client.timers.fire(timer ?? missing(), "the customer has called");

      expect(await app.result(handle)).toBe("awake");
      const types = (await handle.history()).map(({ type }) => type);
      expect(types.filter((type) => type.startsWith("Timer"))).toEqual([
        "TimerCreated",
        "TimerMoved",
        "TimerFired",
      ]);
      await expect(app.client.timers.fire(timer ?? missing())).rejects.toThrow(TimerNotFoundError);
    }),

    contractCase("a timer is moved to an earlier time, and wakes then", async (scene) => {
      const app = await runApp(scene, { orchestrations: [sleeper] });
      const handle = await asleep(app, 30);
      const [timer] = await app.client.timers.of(handle.instanceId);
      const to = scene.clock.now() + 1500;

      await app.client.timers.move(timer ?? missing(), { at: to });

      expect(await app.result(handle)).toBe("awake");
      expect(scene.clock.now()).toBeGreaterThanOrEqual(to);
      expect(scene.clock.now() - to).toBeLessThan(HOUR_MS);
    }),

    contractCase(
      "a timer is moved to a later time, and does not wake before",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [sleeper] });
        const handle = await asleep(app, 30);
        const [timer] = await app.client.timers.of(handle.instanceId);
        await app.client.timers.move(timer ?? missing(), "60d", "not yet");
        await scene.pass(59 * DAY_MS);

        expect(await handle.status()).toMatchObject({ status: "Running" });

        await scene.pass(1.01 * DAY_MS);
        expect(await app.result(handle)).toBe("awake");
      },
      { needsVirtualTime: true, lockMs: DAY_MS },
    ),

    contractCase("a timer is cancelled: its wait fails, and it never fires", async (scene) => {
      const app = await runApp(scene, { orchestrations: [sleeper] });
      const handle = await asleep(app, 30);
      const [timer] = await app.client.timers.of(handle.instanceId);

      await app.client.timers.cancel(timer ?? missing(), "a holiday");

      expect(await app.result(handle)).toMatch(/was cancelled: a holiday/);
    }),

    contractCase("operators work on an instance that is suspended, too", async (scene) => {
      const app = await runApp(scene, { orchestrations: [sleeper] });
      const handle = await asleep(app, 30);
      await handle.suspend();
      await app.until(handle, "suspension", ({ status }) => status === "Suspended");
      const [timer] = await app.client.timers.of(handle.instanceId);
      await app.client.timers.fire(timer ?? missing());
      await app.until(handle, "end of its timer", ({ nextTimerAt }) => nextTimerAt === undefined);

      await handle.resume();

      expect(await app.result(handle)).toBe("awake");
    }),

    contractCase("a moved timer survives the process that moved it", async (scene) => {
      const app = await runApp(scene, { orchestrations: [sleeper] });
      const handle = await asleep(app, 30);
      const [timer] = await app.client.timers.of(handle.instanceId);
      await app.client.timers.move(timer ?? missing(), 2500);
      await app.until(
        handle,
        "the move",
        ({ nextTimerAt }) => nextTimerAt?.getTime() !== timer?.fireAt.getTime(),
      );
      await scene.hub.crash(app.backend);

      const second = await runApp(
        scene,
        { orchestrations: [sleeper] },
        { backend: await scene.hub.another() },
      );

      expect(await second.result(second.client.instance(handle.instanceId))).toBe("awake");
    }),

    contractCase("R11: a delayed start is listed, moved and cancelled", async (scene) => {
      const app = await runApp(scene, { orchestrations: [identity] });
      const startAt = new Date(scene.clock.now() + 300 * DAY_MS);
      const moved = await app.start(identity, "moved", { startAt });
      const cancelled = await app.start(identity, "cancelled", { startAt });
      const [start] = await app.client.timers.of(moved.instanceId);
      expect(start).toMatchObject({ kind: "start", fireAt: startAt, orchestration: "identity" });

      await app.client.timers.move(start ?? missing(), 500);
      const [other] = await app.client.timers.of(cancelled.instanceId);
      await app.client.timers.cancel(other ?? missing());

      expect(await app.result(moved)).toBe("moved");
      expect(await app.end(cancelled)).toMatchObject({ status: "Terminated" });
    }),

    contractCase(
      "R7: what is started detached outlives its starter, begins when it is told to, and reports",
      async (scene) => {
        const starter = defineOrchestration("starter", function* (ctx) {
          const id = ctx.startDetached(identity, "later", {
            instanceId: "detached",
            startAt: 700,
            notify: "ended",
          });
          ctx.setCustomStatus(id);
          return yield* ctx.waitForExternalEvent<CompletionReport>("ended");
        });
        const app = await runApp(scene, { orchestrations: [starter, identity] });
        const startedAt = scene.clock.now();

        const report = await app.call(starter, undefined);

        expect(report).toEqual({ instanceId: "detached", status: "Completed" });
        expect(scene.clock.now() - startedAt).toBeGreaterThanOrEqual(700);
        const started = await app.client.instance("detached").status();
        expect(started).toMatchObject({ output: "later", status: "Completed" });
        expect(started.parent).toBeUndefined();
        await scene.listed();
        expect(await app.client.instance("detached").purge()).toBe(1);
      },
    ),

    contractCase(
      "R7: one detached start of an id that is finished is left out when asked so",
      async (scene) => {
        const starter = defineOrchestration("starter", function* (ctx) {
          const reports: CompletionReport[] = [];
          for (let n = 0; n < 2; n++) {
            ctx.startDetached(identity, n, { instanceId: "once", ifFinished: "skip", notify: "ended" });
            reports.push(yield* ctx.waitForExternalEvent<CompletionReport>("ended"));
          }
          return reports.map(({ status }) => status);
        });
        const app = await runApp(scene, { orchestrations: [starter, identity] });

        expect(await app.call(starter, undefined)).toEqual(["Completed", "NotStarted"]);
        expect((await app.client.instance("once").status()).output).toBe(0);
      },
    ),

    contractCase("an orchestration terminates another one", async (scene) => {
      const killer = defineOrchestration("killer", function* (ctx, id: string) {
        ctx.terminate(id, "enough");
        yield* ctx.createTimer(1);
      });
      const app = await runApp(scene, { orchestrations: [killer, sleeper] });
      const victim = await asleep(app, 30);

      await app.call(killer, victim.instanceId);

      expect(await app.end(victim)).toMatchObject({
        status: "Terminated",
        failure: { errorMessage: "enough" },
      });
    }),

    contractCase(
      "T7: a sleep until a wall-clock time ends when clocks there show it",
      async (scene) => {
        const patient = defineOrchestration("patient", function* (ctx, at: string) {
          yield* ctx.createTimer({ at, timeZone: "Europe/Paris" });
          return ctx.currentUtcDateTime.getTime();
        });
        const app = await runApp(scene, { orchestrations: [patient] });
        const year = new Date(scene.clock.now()).getUTCFullYear() + 1;

        const handle = await app.start(patient, `${year}-07-14T09:00`);
        await scene.pass(2 * 366 * DAY_MS);
        const woke = await app.result(handle);

        expect(woke - Date.UTC(year, 6, 14, 7)).toBeGreaterThanOrEqual(0);
        expect(woke - Date.UTC(year, 6, 14, 7)).toBeLessThan(60_000);
      },
      { needsVirtualTime: true, lockMs: DAY_MS },
    ),
  ],
};

/** An instance that has created its timer. */
async function asleep(app: App, days: number): Promise<InstanceHandle<string>> {
  const handle = await app.start(sleeper, days);
  await app.until(handle, "sleep", ({ nextTimerAt }) => nextTimerAt !== undefined);
  return handle;
}

async function collected(timers: ReturnType<Client["timers"]["list"]>): Promise<readonly PendingTimer[]> {
  const all: PendingTimer[] = [];
  for await (const timer of timers) all.push(timer);
  return all;
}

function missing(): never {
  throw new Error("There is no such timer.");
}
