import { TaskTimeoutError, defineOrchestration } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import { contractCase } from "../../contract-case";
import type { Topic } from "../../contract-case";
import { runApp } from "../app";
import { echo, identity } from "../code";
import { DAY_MS, HOUR_MS, VIRTUAL, asleep, scaled, seenBy, sleeper, timerEvents, upTo } from "./support";

/** Rows R1 to R9 and R17 of docs/reference/timer-rows.md. */
export const durableTasks: Topic = {
  title: "rows R: timers and tasks that survive",
  cases: [
    contractCase(
      "R1: of a sleep of four seconds that is cut short by a crash the rest is slept",
      async (scene) => {
        const code = { orchestrations: [sleeper] };
        const first = await runApp(scene, code);
        const startedAt = scene.clock.now();
        const handle = await asleep(first, await first.start(sleeper, 4000));
        await scene.pass(1000);

        await scene.hub.crash(first.backend);
        const second = await runApp(scene, code, { backend: await scene.hub.another() });
        const woke = await second.result(seenBy(second, handle));

        expect(woke - startedAt).toBeGreaterThanOrEqual(4000);
        expect(woke - startedAt).toBeLessThan(4000 + 2 * scene.options.lockMs + 10_000);
        expect(await timerEvents(seenBy(second, handle))).toEqual(["TimerCreated", "TimerFired"]);
      },
    ),

    contractCase(
      "R1: of twelve hours of sleep with crashes after 2, 5 and 8 none is slept twice",
      async (scene) => {
        const code = { orchestrations: [sleeper] };
        let app = await runApp(scene, code);
        const startedAt = scene.clock.now();
        const handle = await asleep(app, await app.start(sleeper, 12 * HOUR_MS));
        for (const hour of [2, 5, 8]) {
          await scene.pass(startedAt + hour * HOUR_MS - scene.clock.now());
          await scene.hub.crash(app.backend);
          app = await runApp(scene, code, { backend: await scene.hub.another() });
        }
        await scene.pass(startedAt + 11 * HOUR_MS - scene.clock.now());
        expect(await seenBy(app, handle).status()).toMatchObject({ status: "Running" });
        await scene.pass(10 * DAY_MS); // an idle process that died may be missed for days

        const slept = (await app.result(seenBy(app, handle))) - startedAt;

        expect(slept).toBeGreaterThanOrEqual(12 * HOUR_MS);
        expect(await timerEvents(seenBy(app, handle))).toEqual(["TimerCreated", "TimerFired"]);
      },
      VIRTUAL,
    ),

    contractCase("R2: who sleeps takes no place from who works", async (scene) => {
      const works = defineOrchestration("works", function* (ctx) {
        yield* ctx.createTimer(50);
        return yield* ctx.callActivity(echo, "done");
      });
      const app = await runApp(
        scene,
        { orchestrations: [sleeper, works], activities: [echo] },
        { maxConcurrentTurns: 1, maxConcurrentActivities: 1, maxLiveInstances: 1 },
      );
      const asleepAll: InstanceHandle[] = [];
      for (let n = 0; n < scaled(scene, 200, 20); n++) asleepAll.push(await app.start(sleeper, 30 * DAY_MS));
      for (const handle of asleepAll) await asleep(app, handle);

      expect(await app.call(works, undefined)).toBe("done");

      for (const handle of asleepAll.slice(0, 3))
        expect(await handle.status()).toMatchObject({ status: "Running" });
    }),

    contractCase("R5: who sleeps through a deploy wakes by the terms of its version", async (scene) => {
      const oldTerms = defineOrchestration(
        "contract",
        function* (ctx) {
          yield* ctx.createTimer(2500);
          return "old";
        },
        { version: "1" },
      );
      const newTerms = defineOrchestration(
        "contract",
        function* (ctx) {
          if (ctx.version === "1") {
            yield* ctx.createTimer(2500);
            return "old";
          }
          yield* ctx.callActivity(echo, "before the sleep");
          yield* ctx.createTimer(100);
          return "new";
        },
        { version: "2" },
      );
      const first = await runApp(scene, { orchestrations: [oldTerms] });
      const handle = await asleep(first, await first.start(oldTerms, undefined));
      await first.worker.stop();

      const second = await runApp(
        scene,
        { orchestrations: [newTerms], activities: [echo] },
        { backend: await scene.hub.another() },
      );

      expect(await second.call(newTerms, undefined)).toBe("new");
      expect(await second.result(seenBy(second, handle))).toBe("old");
    }),

    contractCase(
      "R7: what is started detached for later survives that its starter is terminated",
      async (scene) => {
        const starter = defineOrchestration("starter", function* (ctx) {
          const id = ctx.startDetached(identity, "later", { startAt: 1500 });
          ctx.setCustomStatus(id);
          yield* ctx.waitForExternalEvent("never");
        });
        const app = await runApp(scene, { orchestrations: [starter, identity] });
        const handle = await app.start(starter, undefined);
        const { customStatus } = await app.until(handle, "start", (snapshot) =>
          Boolean(snapshot.customStatus),
        );

        await handle.terminate("enough");

        expect(await app.end(handle)).toMatchObject({ status: "Terminated" });
        const detached = app.client.instance<string>(String(customStatus));
        await app.until(detached, "begin", ({ status }) => status === "Completed");
        expect(await detached.status()).toMatchObject({ output: "later" });
      },
    ),

    contractCase(
      "R8: of a task and a timer the first wins, and the timer that lost is gone",
      async (scene) => {
        const races = defineOrchestration("races", function* (ctx) {
          const quick = yield* ctx.withTimeout(ctx.callActivity(echo, "quick"), "30d");
          const timer = ctx.createTimer("60d");
          const winner = yield* ctx.any([timer, ctx.callActivity(echo, "winner")]);
          const news = yield* ctx.waitForExternalEvent<string>("news", { timeout: "90d" });
          ctx.setCustomStatus([quick, winner === timer, news]);
          yield* ctx.waitForExternalEvent("go");
          try {
            yield* ctx.withTimeout(ctx.waitForExternalEvent("never"), 200);
          } catch (error) {
            return TaskTimeoutError.is(error);
          }
          return "it came";
        });
        const app = await runApp(scene, { orchestrations: [races], activities: [echo] });
        const handle = await app.start(races, undefined);
        await handle.raiseEvent("news", "good");
        const { customStatus, nextTimerAt } = await app.until(handle, "all races", (snapshot) =>
          Boolean(snapshot.customStatus),
        );

        expect(customStatus).toEqual(["quick", false, "good"]);
        expect(nextTimerAt).toBeUndefined();
        expect(await app.client.timers.of(handle.instanceId)).toEqual([]);
        await handle.raiseEvent("go");
        expect(await app.result(handle)).toBe(true);
      },
    ),

    contractCase("R17: with room for one instance in memory timers do what they do", async (scene) => {
      const timed = defineOrchestration("timed", function* (ctx, n: number) {
        const before = ctx.currentUtcDateTime.getTime();
        yield* ctx.createTimer(100 + 10 * n);
        const long = ctx.createTimer("30d");
        yield* ctx.any([long, ctx.createTimer(100)]);
        const event = yield* ctx.waitForExternalEvent("never", { timeout: 100 });
        yield* ctx.all([ctx.createTimer(50), ctx.createTimer(100)]);
        return [event === undefined, ctx.currentUtcDateTime.getTime() - before];
      });
      const app = await runApp(scene, { orchestrations: [timed] }, { maxLiveInstances: 1 });
      const handles: InstanceHandle<(number | boolean)[]>[] = [];
      for (const n of upTo(scaled(scene, 100, 8))) handles.push(await app.start(timed, n));

      for (const [n, handle] of handles.entries()) {
        const [timedOut, slept] = await app.result(handle);
        expect(timedOut).toBe(true);
        expect(slept).toBeGreaterThanOrEqual(400 + 10 * n);
      }
    }),
  ],
};
