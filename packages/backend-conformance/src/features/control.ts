import { defineActivity, defineOrchestration } from "@perdure/core";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { Gate, runApp } from "./app";
import { echo, identity, waiter } from "./code";

export const control: Topic = {
  title: "terminate, suspend, rewind, restart, purge",
  cases: [
    contractCase("terminate ends a waiting instance, with the reason", async (scene) => {
      const app = await runApp(scene, { orchestrations: [waiter] });
      const handle = await app.start(waiter, undefined);
      await app.reaches(handle, "waiting");

      await handle.terminate("no longer needed");

      const { status, failure, completedAt } = await app.end(handle);
      expect(status).toBe("Terminated");
      expect(failure).toMatchObject({ errorMessage: "no longer needed" });
      expect(completedAt).toBeInstanceOf(Date);
      await expect(app.result(handle)).rejects.toMatchObject({
        code: "OrchestrationFailed",
        status: "Terminated",
      });
    }),

    contractCase(
      "terminate twice is terminate, and a terminated instance takes nothing more",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [waiter] });
        const handle = await app.start(waiter, undefined);
        await app.reaches(handle, "waiting");

        await Promise.all([handle.terminate("first"), handle.terminate("second")]);
        await app.end(handle);

        await expect(handle.terminate()).rejects.toMatchObject({ code: "InvalidInstanceState" });
        await expect(handle.suspend()).rejects.toMatchObject({ code: "InvalidInstanceState" });
        await expect(handle.resume()).rejects.toMatchObject({ code: "InvalidInstanceState" });
        expect(await handle.status()).toMatchObject({ status: "Terminated" });
      },
    ),

    contractCase("terminate tells the activities that run for the instance", async (scene) => {
      const gate = new Gate();
      let outcome = "still running";
      const long = defineActivity("long", async (ctx) => {
        await gate.pass(ctx.signal).catch(() => (outcome = "aborted"));
      });
      const caller = defineOrchestration("caller", function* (ctx) {
        ctx.setCustomStatus("calling");
        yield* ctx.callActivity(long);
      });
      const app = await runApp(scene, { orchestrations: [caller], activities: [long] });
      const handle = await app.start(caller, undefined);
      await app.reaches(handle, "calling");

      await handle.terminate();

      expect(await app.end(handle)).toMatchObject({ status: "Terminated" });
      await scene.until("the activity to hear of it", () => outcome === "aborted");
    }),

    contractCase("terminate ends an instance that is scheduled for later, or suspended", async (scene) => {
      const app = await runApp(scene, { orchestrations: [waiter] });
      const scheduled = await app.start(waiter, undefined, { delay: "30d" });
      const suspended = await app.start(waiter, undefined);
      await app.reaches(suspended, "waiting");
      await suspended.suspend();
      await app.until(suspended, "suspension", ({ status }) => status === "Suspended");

      await scheduled.terminate("one");
      await suspended.terminate("two");

      expect(await app.end(scheduled)).toMatchObject({
        status: "Terminated",
        failure: { errorMessage: "one" },
      });
      expect(await app.end(suspended)).toMatchObject({
        status: "Terminated",
        failure: { errorMessage: "two" },
      });
    }),

    contractCase("terminate leaves children alone, unless it is recursive", async (scene) => {
      const family = defineOrchestration("family", function* (ctx, child: string) {
        return yield* ctx.callSubOrchestrator(waiter, undefined, { instanceId: child });
      });
      const head = defineOrchestration("head", function* (ctx, child: string) {
        return yield* ctx.callSubOrchestrator(family, child, { instanceId: `${child}-middle` });
      });
      const app = await runApp(scene, { orchestrations: [head, family, waiter] });
      const kept = await app.start(head, "kept");
      const ended = await app.start(head, "ended");
      const [keptChild, endedChild] = [app.client.instance("kept"), app.client.instance("ended")];
      await app.reaches(keptChild, "waiting");
      await app.reaches(endedChild, "waiting");

      await kept.terminate("alone");
      await ended.terminate("with all", { recursive: true });

      expect(await app.end(ended)).toMatchObject({ status: "Terminated" });
      expect(await app.end(app.client.instance("ended-middle"))).toMatchObject({ status: "Terminated" });
      expect(await app.end(endedChild)).toMatchObject({ status: "Terminated" });
      expect(await app.end(kept)).toMatchObject({ status: "Terminated" });
      expect(await keptChild.status()).toMatchObject({ status: "Running" });
    }),

    contractCase("a suspended instance keeps what comes, and goes on with it in order", async (scene) => {
      const collecting = defineOrchestration("collecting", function* (ctx) {
        ctx.setCustomStatus("collecting");
        const seen: unknown[] = [];
        for (let count = 0; count < 4; count++) seen.push(yield* ctx.waitForExternalEvent("n"));
        return seen;
      });
      const app = await runApp(scene, { orchestrations: [collecting] });
      const handle = await app.start(collecting, undefined);
      await app.reaches(handle, "collecting");
      await handle.raiseEvent("n", 0);
      await handle.suspend("pause");
      await app.until(handle, "suspension", ({ status }) => status === "Suspended");

      for (let index = 1; index < 4; index++) await handle.raiseEvent("n", index);
      await scene.pass(500);
      expect(await handle.status()).toMatchObject({ status: "Suspended" });
      await handle.resume("on");

      expect(await app.result(handle)).toEqual([0, 1, 2, 3]);
    }),

    contractCase("a timer due while suspended fires on resume", async (scene) => {
      const sleeper = defineOrchestration("sleeper", function* (ctx) {
        ctx.setCustomStatus("asleep");
        yield* ctx.createTimer(400);
        return "awake";
      });
      const app = await runApp(scene, { orchestrations: [sleeper] });
      const handle = await app.start(sleeper, undefined);
      await app.reaches(handle, "asleep");
      await handle.suspend();
      await scene.pass(1500);
      expect(await handle.status()).toMatchObject({ status: "Suspended" });

      await handle.resume();

      expect(await app.result(handle)).toBe("awake");
    }),

    contractCase("the result of an activity that ends while suspended is kept", async (scene) => {
      const gate = new Gate();
      const gated = defineActivity("gated", async () => {
        await gate.pass();
        return "kept";
      });
      const caller = defineOrchestration("caller", function* (ctx) {
        ctx.setCustomStatus("calling");
        return yield* ctx.callActivity(gated);
      });
      const app = await runApp(scene, { orchestrations: [caller], activities: [gated] });
      const handle = await app.start(caller, undefined);
      await app.reaches(handle, "calling");
      await handle.suspend();
      await app.until(handle, "suspension", ({ status }) => status === "Suspended");
      gate.open();
      await scene.pass(500);
      expect(await handle.status()).toMatchObject({ status: "Suspended" });

      await handle.resume();

      expect(await app.result(handle)).toBe("kept");
    }),

    contractCase("suspend twice and resume without suspend are harmless", async (scene) => {
      const app = await runApp(scene, { orchestrations: [waiter] });
      const handle = await app.start(waiter, undefined);
      await app.reaches(handle, "waiting");
      await handle.resume();
      await handle.suspend();
      await handle.suspend();
      await app.until(handle, "suspension", ({ status }) => status === "Suspended");
      await handle.resume();
      await app.until(handle, "resumption", ({ status }) => status === "Running");

      await handle.raiseEvent("go", "on");

      expect(await app.result(handle)).toBe("on");
    }),

    contractCase("a suspended instance survives its worker", async (scene) => {
      const first = await runApp(scene, { orchestrations: [waiter] });
      const handle = await first.start(waiter, undefined);
      await first.reaches(handle, "waiting");
      await handle.suspend();
      await first.until(handle, "suspension", ({ status }) => status === "Suspended");
      await handle.raiseEvent("go", "later");
      await first.worker.stop();
      const second = await runApp(
        scene,
        { orchestrations: [waiter] },
        { backend: await scene.hub.another() },
      );
      const again = second.client.instance(handle.instanceId);
      expect(await again.status()).toMatchObject({ status: "Suspended" });

      await again.resume();

      expect(await second.result(again)).toBe("later");
    }),

    contractCase("a rewound instance runs again what had failed, and only that", async (scene) => {
      const ran: string[] = [];
      let broken = true;
      const step = defineActivity("step", (_ctx, name: string) => {
        ran.push(name);
        if (broken && name === "second") throw new Error("broken");
        return name;
      });
      const steps = defineOrchestration("steps", function* (ctx) {
        const results: string[] = [];
        for (const name of ["first", "second", "third"]) results.push(yield* ctx.callActivity(step, name));
        return results;
      });
      const app = await runApp(scene, { orchestrations: [steps], activities: [step] });
      const handle = await app.start(steps, undefined);
      expect(await app.end(handle)).toMatchObject({ status: "Failed" });
      broken = false;

      await handle.rewind("repaired");

      expect(await app.result(handle)).toEqual(["first", "second", "third"]);
      expect(ran).toEqual(["first", "second", "second", "third"]);
    }),

    contractCase("a rewound fan-out runs again only what had failed", async (scene) => {
      const ran: number[] = [];
      let broken = true;
      const item = defineActivity("item", (_ctx, index: number) => {
        ran.push(index);
        if (broken && index % 3 === 0) throw new Error(`item ${index}`);
        return index;
      });
      const fanOut = defineOrchestration("fanOut", function* (ctx) {
        const outcomes = yield* ctx.allSettled(
          [1, 2, 3, 4, 5, 6].map((index) => ctx.callActivity(item, index)),
        );
        const failed = outcomes.filter(({ status }) => status === "failed");
        if (failed.length > 0) throw new Error(`${failed.length} failed`);
        return outcomes.length;
      });
      const app = await runApp(scene, { orchestrations: [fanOut], activities: [item] });
      const handle = await app.start(fanOut, undefined);
      expect(await app.end(handle)).toMatchObject({
        status: "Failed",
        failure: { errorMessage: "2 failed" },
      });
      broken = false;

      await handle.rewind();

      expect(await app.result(handle)).toBe(6);
      expect(ran.sort()).toEqual([1, 2, 3, 3, 4, 5, 6, 6]);
    }),

    contractCase("an instance that fails again can be rewound again", async (scene) => {
      let failures = 3;
      const fragile = defineActivity("fragile", () => {
        if (failures-- > 0) throw new Error("broken");
        return "whole";
      });
      const caller = defineOrchestration("caller", function* (ctx) {
        return yield* ctx.callActivity(fragile);
      });
      const app = await runApp(scene, { orchestrations: [caller], activities: [fragile] });
      const handle = await app.start(caller, undefined);
      for (let attempt = 0; attempt < 3; attempt++) {
        expect(await app.end(handle)).toMatchObject({ status: "Failed" });
        await handle.rewind(`attempt ${attempt}`);
      }

      expect(await app.result(handle)).toBe("whole");
    }),

    contractCase("a rewound parent rewinds the child that failed", async (scene) => {
      let broken = true;
      const fragile = defineActivity("fragile", () => {
        if (broken) throw new Error("broken");
        return "whole";
      });
      const child = defineOrchestration("child", function* (ctx) {
        return yield* ctx.callActivity(fragile);
      });
      const parent = defineOrchestration("parent", function* (ctx) {
        return yield* ctx.callSubOrchestrator(child);
      });
      const app = await runApp(scene, { orchestrations: [parent, child], activities: [fragile] });
      const handle = await app.start(parent, undefined);
      expect(await app.end(handle)).toMatchObject({ status: "Failed" });
      broken = false;

      await handle.rewind();

      expect(await app.result(handle)).toBe("whole");
    }),

    contractCase("only a failed instance is rewound", async (scene) => {
      const app = await runApp(scene, { orchestrations: [identity, waiter] });
      const done = await app.start(identity, 1);
      await app.end(done);
      const running = await app.start(waiter, undefined);

      await expect(done.rewind()).rejects.toMatchObject({ code: "InvalidInstanceState" });
      await expect(running.rewind()).rejects.toMatchObject({ code: "InvalidInstanceState" });
      await expect(app.client.instance("nobody").rewind()).rejects.toMatchObject({
        code: "InstanceNotFound",
      });
    }),

    contractCase("restart runs it again: under a new id, or its own when it has finished", async (scene) => {
      const app = await runApp(scene, { orchestrations: [identity, waiter] });
      const handle = await app.start(
        identity,
        { order: 7 },
        { instanceId: "original", tags: { team: "red" } },
      );
      await app.end(handle);

      const fresh = await handle.restart();
      const same = await handle.restart({ newInstanceId: false });

      expect(fresh.instanceId).not.toBe("original");
      expect(same.instanceId).toBe("original");
      expect(await app.result(fresh)).toEqual({ order: 7 });
      expect(await app.result(same)).toEqual({ order: 7 });
      expect(await fresh.status()).toMatchObject({
        name: "identity",
        tags: { team: "red" },
        status: "Completed",
      });
      const running = await app.start(waiter, undefined);
      await expect(running.restart({ newInstanceId: false })).rejects.toMatchObject({
        code: "InvalidInstanceState",
      });
    }),

    contractCase("purge deletes what has finished and refuses what has not", async (scene) => {
      const app = await runApp(scene, { orchestrations: [identity, waiter] });
      const done = await app.start(identity, 1);
      await app.end(done);
      const running = await app.start(waiter, undefined);

      expect(await done.purge()).toBe(1);

      expect(await done.tryStatus()).toBeUndefined();
      expect(await done.purge()).toBe(0);
      await expect(running.purge()).rejects.toMatchObject({ code: "InvalidInstanceState" });
      await expect(done.status()).rejects.toMatchObject({ code: "InstanceNotFound" });
    }),

    contractCase("purge takes children along when asked", async (scene) => {
      const parent = defineOrchestration("parent", function* (ctx) {
        yield* ctx.all([
          ctx.callSubOrchestrator(identity, 1, { instanceId: "child-1" }),
          ctx.callSubOrchestrator(identity, 2, { instanceId: "child-2" }),
        ]);
      });
      const app = await runApp(scene, { orchestrations: [parent, identity] });
      const handle = await app.start(parent, undefined);
      await app.end(handle);

      expect(await handle.purge({ recursive: true })).toBe(3);

      expect(await app.client.get("child-1")).toBeUndefined();
      expect(await app.client.get("child-2")).toBeUndefined();
    }),

    contractCase("purgeMany deletes what matches and has finished", async (scene) => {
      const app = await runApp(scene, { orchestrations: [identity, waiter] });
      const ids = Array.from({ length: 12 }, (_, index) => `old-${index}`);
      const handles = await Promise.all(ids.map((instanceId) => app.start(identity, 1, { instanceId })));
      for (const handle of handles) await app.end(handle);
      await app.start(waiter, undefined, { instanceId: "old-running" });
      const kept = await app.start(identity, 1, { instanceId: "kept" });
      await app.end(kept);

      const result = await app.client.purgeMany({ instanceIdPrefix: "old-" });

      expect(result).toMatchObject({ purged: 12, isComplete: true });
      expect(await app.client.get("old-running")).toBeDefined();
      expect(await app.client.get("kept")).toBeDefined();
    }),

    contractCase("an instance purged and started again has nothing of the former", async (scene) => {
      const app = await runApp(scene, { orchestrations: [waiter], activities: [echo] });
      const first = await app.start(waiter, undefined, { instanceId: "again" });
      await first.raiseEvent("unheard", 1);
      await first.raiseEvent("go", "first");
      expect(await app.result(first)).toBe("first");
      await first.purge();

      const second = await app.start(waiter, undefined, { instanceId: "again" });
      await second.raiseEvent("go", "second");

      expect(await app.result(second)).toBe("second");
    }),
  ],
};
