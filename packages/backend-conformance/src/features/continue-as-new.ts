import { defineActivity, defineOrchestration } from "@perdure/core";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { runApp } from "./app";
import { echo } from "./code";

export const continueAsNew: Topic = {
  title: "continueAsNew",
  cases: [
    contractCase("each generation begins with the input it was given, under the same id", async (scene) => {
      const counting = defineOrchestration("counting", function* (ctx, count: number) {
        if (count < 5) return yield* ctx.continueAsNew(count + 1);
        return `${ctx.instanceId} ${count}`;
      });
      const app = await runApp(scene, { orchestrations: [counting] });

      expect(await app.call(counting, 0, { instanceId: "counter" })).toBe("counter 5");
    }),

    contractCase("generations that wait drop the history of those before", async (scene) => {
      const counting = defineOrchestration("counting", function* (ctx, count: number) {
        yield* ctx.callActivity(echo, count);
        if (count < 20) return yield* ctx.continueAsNew(count + 1);
        return ctx.executionId;
      });
      const app = await runApp(scene, { orchestrations: [counting], activities: [echo] });
      const handle = await app.start(counting, 0);
      const { executionId: first } = await handle.status();

      const last = await app.result(handle);

      expect(last).not.toBe(first);
      expect(await handle.status()).toMatchObject({ executionId: last, input: 20 });
      expect((await handle.history()).length).toBeLessThan(10);
    }),

    contractCase("a thousand generations without a wait are one turn", async (scene) => {
      const counting = defineOrchestration("counting", function* (ctx, count: number) {
        if (count < 1000) return yield* ctx.continueAsNew(count + 1);
        return count;
      });
      const app = await runApp(scene, { orchestrations: [counting] });

      expect(await app.call(counting, 0)).toBe(1000);
    }),

    contractCase(
      "an orchestration that never waits and never ends fails instead of hanging",
      async (scene) => {
        const endless = defineOrchestration("endless", function* (ctx) {
          return yield* ctx.continueAsNew();
        });
        const app = await runApp(scene, { orchestrations: [endless] });
        const handle = await app.start(endless, undefined);

        expect(await app.end(handle)).toMatchObject({
          status: "Failed",
          failure: { errorType: "InvalidDefinition" },
        });
      },
    ),

    contractCase("D8: events nobody has taken are kept in order", async (scene) => {
      const collecting = defineOrchestration("collecting", function* (ctx, seen: unknown[]) {
        if (seen.length === 0) yield* ctx.waitForExternalEvent("start");
        const next = [...seen, yield* ctx.waitForExternalEvent("n")];
        if (next.length < 5) return yield* ctx.continueAsNew(next);
        return next;
      });
      const app = await runApp(scene, { orchestrations: [collecting] });
      const handle = await app.start(collecting, []);

      for (let index = 0; index < 5; index++) await handle.raiseEvent("n", index);
      await handle.raiseEvent("start");

      expect(await app.result(handle)).toEqual([0, 1, 2, 3, 4]);
    }),

    contractCase("events nobody has taken are dropped when asked", async (scene) => {
      const forgetful = defineOrchestration("forgetful", function* (ctx, generation: number) {
        if (generation > 0) return yield* ctx.waitForExternalEvent("n");
        yield* ctx.waitForExternalEvent("start");
        ctx.setCustomStatus("continued");
        return yield* ctx.continueAsNew(1, { preserveUnprocessedEvents: false });
      });
      const app = await runApp(scene, { orchestrations: [forgetful] });
      const handle = await app.start(forgetful, 0);
      await handle.raiseEvent("n", "old");
      await handle.raiseEvent("start");
      await app.reaches(handle, "continued");

      await handle.raiseEvent("n", "new");

      expect(await app.result(handle)).toBe("new");
    }),

    contractCase("events raised while generations follow each other are not lost", async (scene) => {
      const collecting = defineOrchestration("collecting", function* (ctx, seen: number[]) {
        const next = [...seen, yield* ctx.waitForExternalEvent<number>("n")];
        if (next.length < 30) return yield* ctx.continueAsNew(next);
        return next;
      });
      const app = await runApp(scene, { orchestrations: [collecting] });
      const handle = await app.start(collecting, []);

      await Promise.all(Array.from({ length: 30 }, (_, index) => handle.raiseEvent("n", index)));

      const seen = await app.result(handle);
      expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index));
    }),

    contractCase("what the ending generation had decided is sent", async (scene) => {
      const ran: number[] = [];
      const note = defineActivity("note", (_ctx, count: number) => void ran.push(count));
      const leaving = defineOrchestration("leaving", function* (ctx, count: number) {
        ctx.callActivity(note, count);
        if (count < 3) return yield* ctx.continueAsNew(count + 1);
        yield* ctx.callActivity(note, count + 1);
        return "done";
      });
      const app = await runApp(scene, { orchestrations: [leaving], activities: [note] });

      expect(await app.call(leaving, 0)).toBe("done");

      await scene.until("all five", () => ran.length >= 5);
      expect(ran.sort()).toEqual([0, 1, 2, 3, 4]);
    }),

    contractCase("results and timers of an ended generation do not reach the next", async (scene) => {
      const fenced = defineOrchestration("fenced", function* (ctx, generation: number) {
        if (generation === 0) {
          ctx.callActivity(echo, "of the first");
          ctx.createTimer(300);
          yield* ctx.createTimer(1);
          return yield* ctx.continueAsNew(1);
        }
        const mine = ctx.callActivity(echo, "of the second");
        const timer = ctx.createTimer(900);
        const before = ctx.currentUtcDateTime.getTime();
        yield* timer;
        return [yield* mine, ctx.currentUtcDateTime.getTime() - before >= 900];
      });
      const app = await runApp(scene, { orchestrations: [fenced], activities: [echo] });

      expect(await app.call(fenced, 0)).toEqual(["of the second", true]);
    }),

    contractCase("custom status and tags stay, and the instance is Running all along", async (scene) => {
      const keeping = defineOrchestration("keeping", function* (ctx, generation: number) {
        if (generation === 0) {
          ctx.setCustomStatus("kept");
          return yield* ctx.continueAsNew(1);
        }
        yield* ctx.waitForExternalEvent("go");
        return ctx.tags;
      });
      const app = await runApp(scene, { orchestrations: [keeping] });
      const handle = await app.start(keeping, 0, { tags: { team: "red" } });

      await app.reaches(handle, "kept");

      expect(await handle.status()).toMatchObject({ status: "Running", tags: { team: "red" } });
      await handle.raiseEvent("go");
      expect(await app.result(handle)).toEqual({ team: "red" });
    }),

    contractCase("generations follow each other before, during and after a suspension", async (scene) => {
      const counting = defineOrchestration("counting", function* (ctx, seen: unknown[]) {
        const next = [...seen, yield* ctx.waitForExternalEvent("n")];
        ctx.setCustomStatus(next.length);
        if (next.length < 4) return yield* ctx.continueAsNew(next);
        return next;
      });
      const app = await runApp(scene, { orchestrations: [counting] });
      const handle = await app.start(counting, []);
      await handle.waitForStart({ timeout: scene.patienceMs });

      await handle.raiseEvent("n", 0);
      await handle.suspend();
      await handle.raiseEvent("n", 1);
      await handle.raiseEvent("n", 2);
      const { customStatus } = await app.until(handle, "suspension", ({ status }) => status === "Suspended");
      expect(customStatus).toBe(1);
      await handle.resume();
      await handle.raiseEvent("n", 3);

      expect(await app.result(handle)).toEqual([0, 1, 2, 3]);
    }),

    contractCase("a child that continues as new reports to its parent when it ends", async (scene) => {
      const child = defineOrchestration("child", function* (ctx, count: number) {
        yield* ctx.callActivity(echo, count);
        if (count < 4) return yield* ctx.continueAsNew(count + 1);
        return `after ${count}`;
      });
      const parent = defineOrchestration("parent", function* (ctx) {
        return yield* ctx.callSubOrchestrator(child, 0);
      });
      const app = await runApp(scene, { orchestrations: [parent, child], activities: [echo] });

      expect(await app.call(parent, undefined)).toBe("after 4");
    }),

    contractCase("an endless orchestration can be terminated", async (scene) => {
      const eternal = defineOrchestration("eternal", function* (ctx, count: number) {
        ctx.setCustomStatus(count > 3 ? "going round" : "starting");
        yield* ctx.createTimer(20);
        return yield* ctx.continueAsNew(count + 1);
      });
      const app = await runApp(scene, { orchestrations: [eternal] });
      const handle = await app.start(eternal, 0);
      await app.reaches(handle, "going round");

      await handle.terminate("enough");

      expect(await app.end(handle)).toMatchObject({
        status: "Terminated",
        failure: { errorMessage: "enough" },
      });
    }),
  ],
};
