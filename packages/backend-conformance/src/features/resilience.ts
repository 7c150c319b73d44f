import { defineActivity, defineOrchestration } from "@perdure/core";
import type { Backend, OrchestrationHandler } from "@perdure/core";
import { caseForEach, contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { Gate, runApp } from "./app";
import type { Code } from "./app";
import { double, echo, waiter } from "./code";

export const resilience: Topic = {
  title: "crashes and hand-over",
  cases: [
    contractCase("an instance whose worker dies in an activity is finished by another", async (scene) => {
      const gate = new Gate();
      let runs = 0;
      const once = defineActivity("once", async (ctx) => {
        if (++runs === 1) await gate.pass(); // dies here
        return [ctx.idempotencyKey, runs];
      });
      const caller = defineOrchestration("caller", function* (ctx) {
        return [yield* ctx.callActivity(once), yield* ctx.callActivity(echo, "after")];
      });
      const code = { orchestrations: [caller], activities: [once, echo] };
      const first = await runApp(scene, code);
      const handle = await first.start(caller, undefined);
      await scene.until("the first run", () => runs === 1);

      await scene.hub.crash(scene.backend);
      const second = await runApp(scene, code, { backend: await scene.hub.another() });

      const [result, after] = await second.result(
        second.client.instance<[unknown[], string]>(handle.instanceId),
      );
      expect(after).toBe("after");
      expect(result).toEqual([expect.any(String), 2]);
      gate.open(); // the dead process wakes up: nobody may notice
      await scene.pass(500);
      expect(await second.client.get(handle.instanceId)).toMatchObject({ status: "Completed" });
    }),

    contractCase("a fan-out whose worker dies is completed without a gap", async (scene) => {
      const gate = new Gate();
      let dead = false;
      const half = defineActivity("half", async (_ctx, item: number) => {
        if (!dead && item % 2 === 1) await gate.pass();
        return item;
      });
      const fanOut = defineOrchestration("fanOut", function* (ctx) {
        return yield* ctx.all(Array.from({ length: 30 }, (_, index) => ctx.callActivity(half, index)));
      });
      const code = { orchestrations: [fanOut], activities: [half] };
      const first = await runApp(scene, code);
      const handle = await first.start(fanOut, undefined);
      await scene.until("the even half", async () => {
        const history = await handle.history();
        return history.filter(({ type }) => type === "TaskCompleted").length >= 15;
      });

      dead = true;
      await scene.hub.crash(scene.backend);
      const second = await runApp(scene, code, { backend: await scene.hub.another() });

      const result = await second.result(second.client.instance(handle.instanceId));
      expect(result).toEqual(Array.from({ length: 30 }, (_, index) => index));
      gate.open();
    }),

    ...caseForEach(
      {
        "in a timer": function* (ctx) {
          yield* ctx.createTimer(700);
          return "done";
        },
        "waiting for an event with a timeout": function* (ctx) {
          yield* ctx.waitForExternalEvent("never", { timeout: 700 });
          return "done";
        },
        "waiting for a child": function* (ctx) {
          const child: unknown = yield* ctx.callSubOrchestrator("slow child");
          return child;
        },
        "between retries": function* (ctx) {
          const retry = { maxAttempts: 2, firstRetryInterval: 700 };
          const result: unknown = yield* ctx.callActivity("fails once", undefined, { retry });
          return result;
        },
        "in an eternal loop": function* (ctx, turn) {
          yield* ctx.createTimer(300);
          if (Number(turn ?? 0) < 3) return yield* ctx.continueAsNew(Number(turn ?? 0) + 1);
          return "done";
        },
      } satisfies Record<string, OrchestrationHandler<unknown, unknown>>,
      (name) => `an instance survives the death of its worker: ${name}`,
      async (scene, handler) => {
        const subject = defineOrchestration<unknown>("subject", function* (ctx, input) {
          ctx.setCustomStatus("under way");
          return yield* handler(ctx, input);
        });
        const slowChild = defineOrchestration("slow child", function* (ctx) {
          yield* ctx.createTimer(700);
          return "done";
        });
        let attempts = 0;
        const failsOnce = defineActivity("fails once", () => {
          if (++attempts === 1) throw new Error("once");
          return "done";
        });
        const code: Code = { orchestrations: [subject, slowChild], activities: [failsOnce] };
        const first = await runApp(scene, code);
        const handle = await first.start(subject, undefined);
        await first.reaches(handle, "under way");

        await scene.hub.crash(scene.backend);
        const second = await runApp(scene, code, { backend: await scene.hub.another() });

        expect(await second.result(second.client.instance(handle.instanceId))).toBe("done");
      },
    ),

    contractCase("workers that die one after the other lose nothing", async (scene) => {
      const counted = new Set<number>();
      const count = defineActivity("count", (_ctx, step: number) => {
        counted.add(step);
        return step;
      });
      const steps = defineOrchestration("steps", function* (ctx) {
        const seen: number[] = [];
        for (let step = 0; step < 12; step++) {
          seen.push(yield* ctx.callActivity(count, step));
          yield* ctx.createTimer(60);
        }
        return seen;
      });
      const code = { orchestrations: [steps], activities: [count] };
      let backend: Backend = scene.backend;
      let app = await runApp(scene, code);
      const handle = await app.start(steps, undefined);
      for (let death = 1; death <= 3; death++) {
        await scene.until(`step ${3 * death}`, () => counted.size >= 3 * death);
        await scene.hub.crash(backend);
        backend = await scene.hub.another();
        app = await runApp(scene, code, { backend });
      }

      const seen = await app.result(app.client.instance(handle.instanceId));

      expect(seen).toEqual(Array.from({ length: 12 }, (_, index) => index));
    }),

    contractCase("a worker that stops lets what runs finish", async (scene) => {
      const gate = new Gate();
      let finished = 0;
      const slow = defineActivity("slow", async () => {
        await gate.pass();
        return ++finished;
      });
      const caller = defineOrchestration("caller", function* (ctx) {
        ctx.setCustomStatus("calling");
        return yield* ctx.callActivity(slow);
      });
      const app = await runApp(
        scene,
        { orchestrations: [caller], activities: [slow] },
        { shutdownTimeout: "10s" },
      );
      const handle = await app.start(caller, undefined);
      await app.reaches(handle, "calling");

      const stopping = app.worker.stop();
      await scene.pass(50);
      gate.open();
      await stopping;

      expect(finished).toBe(1);
      const second = await runApp(
        scene,
        { orchestrations: [caller], activities: [slow] },
        { backend: await scene.hub.another() },
      );
      expect(await second.result(second.client.instance(handle.instanceId))).toBe(1);
      expect(finished).toBe(1);
    }),

    contractCase(
      "what does not finish in time is aborted, and another worker runs it at once",
      async (scene) => {
        const gate = new Gate();
        let aborted = false;
        let runs = 0;
        const stubborn = defineActivity("stubborn", async (ctx) => {
          if (++runs > 1) return "second run";
          ctx.signal.addEventListener("abort", () => (aborted = true));
          await gate.pass();
          return "first run";
        });
        const caller = defineOrchestration("caller", function* (ctx) {
          return yield* ctx.callActivity(stubborn);
        });
        const code = { orchestrations: [caller], activities: [stubborn] };
        const first = await runApp(scene, code, { shutdownTimeout: 200 });
        const handle = await first.start(caller, undefined);
        await scene.until("the first run", () => runs === 1);

        await first.worker.stop();
        const stoppedAt = scene.clock.now();
        const second = await runApp(scene, code, { backend: await scene.hub.another() });
        const result = await second.result(second.client.instance(handle.instanceId));

        expect(result).toBe("second run");
        expect(aborted).toBe(true);
        expect(scene.clock.now() - stoppedAt).toBeLessThan(scene.options.lockMs);
        gate.open();
      },
    ),

    contractCase("activities that find no free slot run on another worker", async (scene) => {
      const gate = new Gate();
      const workers = new Set<string>();
      const slowOn = (worker: string) =>
        defineActivity("slow", async () => {
          workers.add(worker);
          if (workers.size === 2) gate.open();
          await gate.pass();
          return worker;
        });
      const fan = defineOrchestration("fan", function* (ctx) {
        const results = yield* ctx.all([1, 2, 3, 4].map(() => ctx.callActivity(slowOn("any"))));
        return results.length;
      });
      const limits = { maxConcurrentActivities: 1 };
      const first = await runApp(scene, { orchestrations: [fan], activities: [slowOn("first")] }, limits);
      const backend = await scene.hub.another();
      await runApp(scene, { orchestrations: [fan], activities: [slowOn("second")] }, { ...limits, backend });

      expect(await first.call(fan, undefined)).toBe(4);

      expect(workers).toEqual(new Set(["first", "second"]));
    }),

    contractCase("a worker stopped and started again goes on", async (scene) => {
      const app = await runApp(scene, { orchestrations: [waiter] });
      const handle = await app.start(waiter, undefined);
      await app.reaches(handle, "waiting");

      await app.worker.stop();
      await app.worker.stop();
      await app.worker.start();
      await handle.raiseEvent("go", "again");

      expect(await app.result(handle)).toBe("again");
    }),

    contractCase(
      "several workers share many instances, and each activity result counts once",
      async (scene) => {
        const sum = defineOrchestration("sum", function* (ctx, start: number) {
          let value = start;
          for (let step = 0; step < 3; step++) value = yield* ctx.callActivity(double, value);
          yield* ctx.createTimer(20);
          return value;
        });
        const code = { orchestrations: [sum], activities: [double] };
        const app = await runApp(scene, code, { maxConcurrentActivities: 2 });
        await runApp(scene, code, { backend: await scene.hub.another(), maxConcurrentActivities: 2 });
        await runApp(scene, code, { backend: await scene.hub.another(), maxConcurrentActivities: 2 });

        const results = await Promise.all(Array.from({ length: 40 }, (_, index) => app.call(sum, index)));

        expect(results).toEqual(Array.from({ length: 40 }, (_, index) => 8 * index));
      },
    ),

    contractCase("an event sent while no worker runs is there when one comes", async (scene) => {
      const first = await runApp(scene, { orchestrations: [waiter] });
      const handle = await first.start(waiter, undefined);
      await first.reaches(handle, "waiting");
      await scene.hub.crash(scene.backend);
      const { client, worker } = await runApp(
        scene,
        { orchestrations: [] },
        { backend: await scene.hub.another() },
      );
      await worker.stop();
      await client.instance(handle.instanceId).raiseEvent("go", "meanwhile");

      const second = await runApp(
        scene,
        { orchestrations: [waiter] },
        { backend: await scene.hub.another() },
      );

      expect(await second.result(second.client.instance(handle.instanceId))).toBe("meanwhile");
    }),

    contractCase("a worker that hangs and wakes up does no harm", async (scene) => {
      const gate = new Gate();
      let runs = 0;
      const slow = defineActivity("slow", async () => {
        if (++runs === 1) await gate.pass();
        return runs;
      });
      const caller = defineOrchestration("caller", function* (ctx) {
        const result = yield* ctx.callActivity(slow);
        ctx.setCustomStatus(`result ${result}`);
        return [result, yield* ctx.waitForExternalEvent("go")];
      });
      const code = { orchestrations: [caller], activities: [slow] };
      const first = await runApp(scene, code);
      const handle = await first.start(caller, undefined);
      await scene.until("the first run", () => runs === 1);
      await scene.pause(scene.backend);
      const second = await runApp(scene, code, { backend: await scene.hub.another() });
      const again = second.client.instance<[number, string]>(handle.instanceId);
      await second.reaches(again, "result 2");

      gate.open();
      await scene.pass(500);
      await again.raiseEvent("go", "on");

      expect(await second.result(again)).toEqual([2, "on"]);
      expect(eventTypes(await again.history(), "TaskCompleted")).toBe(1);
    }),
  ],
};

function eventTypes(history: readonly { readonly type: string }[], type: string): number {
  return history.filter((event) => event.type === type).length;
}
