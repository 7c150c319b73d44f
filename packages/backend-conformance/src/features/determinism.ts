import { defineActivity, defineOrchestration } from "@perdure/core";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { runApp } from "./app";
import type { App } from "./app";
import { double, echo, identity } from "./code";

export const determinism: Topic = {
  title: "determinism and replay",
  cases: [
    contractCase("D3: time stands still between two waits, never goes back, and is a copy", async (scene) => {
      const clockwork = defineOrchestration("clockwork", function* (ctx) {
        const first = ctx.currentUtcDateTime;
        first.setFullYear(1999);
        const times = [ctx.currentUtcDateTime.getTime(), ctx.currentUtcDateTime.getTime()];
        for (let turn = 0; turn < 3; turn++) {
          yield* ctx.createTimer(60);
          times.push(ctx.currentUtcDateTime.getTime());
        }
        return times;
      });
      const app = await runApp(scene, { orchestrations: [clockwork] });

      const [a = 0, b = 0, ...later] = await app.call(clockwork, undefined);

      expect(a).toBe(b);
      expect(new Date(a).getFullYear()).toBeGreaterThan(2000);
      expect([b, ...later]).toEqual([b, ...later].sort((x, y) => x - y));
      expect(later[0]).toBeGreaterThanOrEqual(b + 60);
    }),

    contractCase("guids and random numbers differ at each call and are the same on replay", async (scene) => {
      const dice = defineOrchestration("dice", function* (ctx) {
        const throws = [ctx.newGuid(), ctx.newGuid(), ctx.random(), ctx.random()];
        ctx.setCustomStatus(throws);
        yield* ctx.waitForExternalEvent("go");
        return [...throws, ctx.newGuid()];
      });
      const first = await runApp(scene, { orchestrations: [dice] });
      const handle = await first.start(dice, undefined);
      const { customStatus } = await first.until(
        handle,
        "throws",
        (snapshot) => snapshot.customStatus !== undefined,
      );
      await first.worker.stop();
      const second = await runApp(scene, { orchestrations: [dice] }, { backend: await scene.hub.another() });
      await handle.raiseEvent("go");

      const result = await second.result(second.client.instance<readonly unknown[]>(handle.instanceId));

      expect(result.slice(0, 4)).toEqual(customStatus);
      expect(new Set(result).size).toBe(5);
    }),

    contractCase(
      "code is replayed by another worker and decides the same; activities run once",
      async (scene) => {
        const ran: number[] = [];
        const note = defineActivity("note", (_ctx, step: number) => {
          ran.push(step);
          return step;
        });
        let passes = 0;
        const steps = defineOrchestration("steps", function* (ctx) {
          passes++;
          let sum = 0;
          for (let step = 1; step <= 3; step++) {
            sum += yield* ctx.callActivity(note, step);
            ctx.setCustomStatus(`step ${step}`);
            yield* ctx.waitForExternalEvent("next");
          }
          return sum;
        });
        const code = { orchestrations: [steps], activities: [note] };
        let app: App = await runApp(scene, code);
        const handle = await app.start(steps, undefined, { instanceId: "replayed" });
        for (let step = 1; step <= 3; step++) {
          await app.reaches(app.client.instance("replayed"), `step ${step}`);
          await app.worker.stop();
          app = await runApp(scene, code, { backend: await scene.hub.another() });
          await app.client.instance("replayed").raiseEvent("next");
        }

        expect(await app.result(app.client.instance(handle.instanceId))).toBe(6);
        expect(ran).toEqual([1, 2, 3]);
        expect(passes).toBeGreaterThan(1);
      },
    ),

    contractCase("a worker with room for one live instance gives the same results", async (scene) => {
      const steps = defineOrchestration("steps", function* (ctx, start: number) {
        let value = start;
        for (let step = 0; step < 4; step++) {
          value = yield* ctx.callActivity(double, value);
          yield* ctx.createTimer(30);
        }
        return value;
      });
      const app = await runApp(
        scene,
        { orchestrations: [steps], activities: [double] },
        { maxLiveInstances: 1, maxConcurrentTurns: 1, maxConcurrentActivities: 1 },
      );

      const results = await Promise.all([1, 2, 3, 4, 5].map((start) => app.call(steps, start)));

      expect(results).toEqual([16, 32, 48, 64, 80]);
    }),

    contractCase("what code logs is written once, replayed or not", async (scene) => {
      const logging = defineOrchestration("logging", function* (ctx) {
        ctx.log.info("first line");
        ctx.setCustomStatus("logged");
        yield* ctx.waitForExternalEvent("go");
        ctx.log.warn("second line");
        return ctx.isReplaying;
      });
      const first = await runApp(scene, { orchestrations: [logging] });
      const handle = await first.start(logging, undefined);
      await first.reaches(handle, "logged");
      await first.worker.stop();
      const second = await runApp(
        scene,
        { orchestrations: [logging] },
        { backend: await scene.hub.another() },
      );
      await handle.raiseEvent("go");

      expect(await second.result(second.client.instance(handle.instanceId))).toBe(false);

      const lines = [...first.logs, ...second.logs].filter(({ message }) => message.endsWith("line"));
      expect(lines).toEqual([
        { level: "info", message: "first line" },
        { level: "warn", message: "second line" },
      ]);
    }),

    contractCase("custom status shows the last value set, and can be removed", async (scene) => {
      const talking = defineOrchestration("talking", function* (ctx) {
        ctx.setCustomStatus("never seen");
        ctx.setCustomStatus(0);
        yield* ctx.waitForExternalEvent("go");
        ctx.setCustomStatus(undefined);
        yield* ctx.waitForExternalEvent("go");
        ctx.setCustomStatus("kept");
        return yield* ctx.callSubOrchestrator(identity, 1);
      });
      const app = await runApp(scene, { orchestrations: [talking, identity] });
      const handle = await app.start(talking, undefined);
      await app.reaches(handle, 0);
      await handle.raiseEvent("go");
      await app.until(handle, "removal", (snapshot) => !("customStatus" in snapshot));
      await handle.raiseEvent("go");

      expect(await app.end(handle)).toMatchObject({ status: "Completed", customStatus: "kept" });
    }),

    contractCase("an orchestration that waits for nothing completes in one turn", async (scene) => {
      const app = await runApp(scene, { orchestrations: [identity], activities: [echo] });
      const handle = await app.start(identity, { any: "thing" });

      expect(await app.result(handle)).toEqual({ any: "thing" });
      const types = (await handle.history()).map(({ type }) => type);
      expect(types).toEqual(["OrchestratorStarted", "ExecutionStarted", "ExecutionCompleted"]);
    }),
  ],
};
