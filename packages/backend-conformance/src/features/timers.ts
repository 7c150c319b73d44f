import { TaskCancelledError, defineOrchestration } from "@perdure/core";
import { caseForEach, contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { runApp } from "./app";
import { echo } from "./code";

const DAY_MS = 86_400_000;

export const timers: Topic = {
  title: "durable timers",
  cases: [
    contractCase("a timer fires, and not early", async (scene) => {
      const sleeper = defineOrchestration("sleeper", function* (ctx, ms: number) {
        const before = ctx.currentUtcDateTime.getTime();
        yield* ctx.createTimer(ms);
        return ctx.currentUtcDateTime.getTime() - before;
      });
      const app = await runApp(scene, { orchestrations: [sleeper] });
      const startedAt = scene.clock.now();

      const slept = await app.call(sleeper, 1200);

      expect(slept).toBeGreaterThanOrEqual(1200);
      expect(scene.clock.now() - startedAt).toBeGreaterThanOrEqual(1200);
    }),

    contractCase("a timer takes a date", async (scene) => {
      const sleeper = defineOrchestration("sleeper", function* (ctx, at: string) {
        const timer = ctx.createTimer(new Date(at));
        yield* timer;
        return [timer.fireAt.toISOString(), ctx.currentUtcDateTime.getTime()] as const;
      });
      const app = await runApp(scene, { orchestrations: [sleeper] });
      const at = new Date(scene.clock.now() + 700);

      const [fireAt, woke] = await app.call(sleeper, at.toISOString());

      expect(fireAt).toBe(at.toISOString());
      expect(woke).toBeGreaterThanOrEqual(at.getTime());
    }),

    contractCase("D9: a timer of the past fires at once", async (scene) => {
      const sleeper = defineOrchestration("sleeper", function* (ctx) {
        yield* ctx.createTimer(new Date(0));
        yield* ctx.createTimer(0);
        return "awake";
      });
      const app = await runApp(scene, { orchestrations: [sleeper] });

      expect(await app.call(sleeper, undefined)).toBe("awake");
    }),

    contractCase("timers fire in the order of their times", async (scene) => {
      const sleeper = defineOrchestration("sleeper", function* (ctx) {
        const order: string[] = [];
        const wait = (name: string, ms: number) =>
          ctx.run(function* () {
            yield* ctx.createTimer(ms);
            order.push(name);
          });
        yield* ctx.all([wait("third", 900), wait("first", 100), wait("second", 500)]);
        return order;
      });
      const app = await runApp(scene, { orchestrations: [sleeper] });

      expect(await app.call(sleeper, undefined)).toEqual(["first", "second", "third"]);
    }),

    contractCase("D4: a timer nobody waits for does not hold the instance", async (scene) => {
      const hasty = defineOrchestration("hasty", function* (ctx) {
        ctx.createTimer("30d");
        return yield* ctx.callActivity(echo, "done");
      });
      const app = await runApp(scene, { orchestrations: [hasty], activities: [echo] });
      const handle = await app.start(hasty, undefined);

      expect(await app.result(handle)).toBe("done");
      expect(await handle.status()).toMatchObject({ status: "Completed" });
    }),

    contractCase("D4: a cancelled timer fails its wait, and does not fire", async (scene) => {
      const canceller = defineOrchestration("canceller", function* (ctx) {
        const timer = ctx.createTimer("30d");
        timer.cancel();
        timer.cancel();
        try {
          yield* timer;
        } catch (error) {
          return [timer.isCancelled, TaskCancelledError.is(error)];
        }
        return "it fired";
      });
      const app = await runApp(scene, { orchestrations: [canceller] });

      expect(await app.call(canceller, undefined)).toEqual([true, true]);
    }),

    contractCase("a timer that lost a race fires if it is waited for again", async (scene) => {
      const racer = defineOrchestration("racer", function* (ctx) {
        const long = ctx.createTimer(900);
        const short = ctx.createTimer(200);
        const first = yield* ctx.any([long, short]);
        yield* long;
        return [first === short, long.isCompleted];
      });
      const app = await runApp(scene, { orchestrations: [racer] });

      expect(await app.call(racer, undefined)).toEqual([true, true]);
    }),

    contractCase(
      "a hundred timers created and cancelled leave nothing that wakes the instance",
      async (scene) => {
        const looper = defineOrchestration("looper", function* (ctx) {
          for (let turn = 0; turn < 100; turn++) {
            const timer = ctx.createTimer(4000);
            if (turn % 10 === 0) yield* ctx.callActivity(echo, turn);
            timer.cancel();
          }
          ctx.setCustomStatus("looped");
          return yield* ctx.waitForExternalEvent("go");
        });
        const app = await runApp(scene, { orchestrations: [looper], activities: [echo] });
        const handle = await app.start(looper, undefined);
        await app.reaches(handle, "looped");
        const before = await handle.history();

        await scene.pass(5000);

        expect(await handle.history()).toEqual(before);
        expect(before.filter(({ type }) => type === "TimerFired")).toEqual([]);
        await handle.raiseEvent("go", "on");
        expect(await app.result(handle)).toBe("on");
      },
    ),

    contractCase("a thousand timers of one turn all fire", async (scene) => {
      const many = defineOrchestration("many", function* (ctx) {
        const all = Array.from({ length: 1000 }, (_, index) => ctx.createTimer(200 + (index % 7)));
        yield* ctx.all(all);
        return all.length;
      });
      const app = await runApp(scene, { orchestrations: [many] });

      expect(await app.call(many, undefined)).toBe(1000);
    }),

    ...caseForEach(
      {
        NaN: Number.NaN,
        Infinity: Number.POSITIVE_INFINITY,
        "a negative number": -1,
        text: "soon",
        "no date": new Date("x"),
      },
      (name) => `D9: a timer that means nothing is refused in user code: ${name}`,
      async (scene, when) => {
        const invalid = defineOrchestration("invalid", function* (ctx) {
          try {
            yield* ctx.createTimer(when);
            return "accepted";
          } catch (error) {
            return (error as { code?: string }).code;
          }
        });
        const app = await runApp(scene, { orchestrations: [invalid] });

        expect(await app.call(invalid, undefined)).toBe("InvalidArgument");
      },
    ),

    ...caseForEach(
      { "6 days": 6, "7 days": 7, "30 days": 30, "400 days": 400, "10 years": 3653 },
      (name) => `a timer of ${name} fires then, once, and is one row of history`,
      async (scene, days) => {
        const sleeper = defineOrchestration("sleeper", function* (ctx) {
          yield* ctx.createTimer(`${days}d`);
          return ctx.currentUtcDateTime.getTime();
        });
        const app = await runApp(scene, { orchestrations: [sleeper] });
        const startedAt = scene.clock.now();
        const handle = await app.start(sleeper, undefined);
        await scene.pass((days - 1) * DAY_MS);
        expect(await handle.status()).toMatchObject({ status: "Running" });
        await scene.pass(DAY_MS + 60_000);

        const woke = await app.result(handle);

        expect(woke - startedAt).toBeGreaterThanOrEqual(days * DAY_MS);
        expect(woke - startedAt).toBeLessThan(days * DAY_MS + 60_000);
        const types = (await handle.history()).map(({ type }) => type);
        expect(types.filter((type) => type.startsWith("Timer"))).toEqual(["TimerCreated", "TimerFired"]);
      },
      { needsVirtualTime: true, lockMs: DAY_MS },
    ),

    contractCase("of two timers that are overdue when a worker comes, the earlier wins", async (scene) => {
      const racer = defineOrchestration("racer", function* (ctx) {
        const late = ctx.createTimer(1400);
        const early = ctx.createTimer(700);
        ctx.setCustomStatus("asleep");
        return (yield* ctx.any([late, early])) === early;
      });
      const first = await runApp(scene, { orchestrations: [racer] });
      const handle = await first.start(racer, undefined);
      await first.reaches(handle, "asleep");
      await first.worker.stop();
      await scene.pass(3000);

      const second = await runApp(scene, { orchestrations: [racer] }, { backend: await scene.hub.another() });

      expect(await second.result(second.client.instance(handle.instanceId))).toBe(true);
    }),

    contractCase("a timer of a former instance does not wake the one that has its id now", async (scene) => {
      const patient = defineOrchestration("patient", function* (ctx, ms: number) {
        const before = ctx.currentUtcDateTime.getTime();
        const event = yield* ctx.waitForExternalEvent("go", { timeout: ms });
        return [event === undefined, ctx.currentUtcDateTime.getTime() - before];
      });
      const app = await runApp(scene, { orchestrations: [patient] });
      const first = await app.start(patient, 900, { instanceId: "again" });
      await first.raiseEvent("go", 1);
      await app.end(first);

      const second = await app.start(patient, 2000, { instanceId: "again" });
      const { output } = await app.until(second, "second end", (snapshot) => {
        return snapshot.input === 2000 && snapshot.status === "Completed";
      });

      expect(output?.[0]).toBe(true);
      expect(Number(output?.[1])).toBeGreaterThanOrEqual(2000);
    }),

    contractCase("a timer that is due while no worker runs fires when one comes", async (scene) => {
      const sleeper = defineOrchestration("sleeper", function* (ctx) {
        ctx.setCustomStatus("asleep");
        yield* ctx.createTimer(600);
        return "awake";
      });
      const first = await runApp(scene, { orchestrations: [sleeper] });
      const handle = await first.start(sleeper, undefined);
      await first.reaches(handle, "asleep");
      await first.worker.stop();
      await scene.pass(1500);
      expect(await handle.status()).toMatchObject({ status: "Running" });

      const second = await runApp(
        scene,
        { orchestrations: [sleeper] },
        { backend: await scene.hub.another() },
      );

      expect(await second.result(second.client.instance(handle.instanceId))).toBe("awake");
    }),
  ],
};
