import { defineActivity, defineOrchestration } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import { contractCase } from "../../contract-case";
import type { Topic } from "../../contract-case";
import type { Scene } from "../../scene";
import { runApp } from "../app";
import type { App } from "../app";
import { echo, fail } from "../code";
import { CountedClock, DAY_MS, HOUR_MS, MINUTE_MS, VIRTUAL, asleep, scaled, seenBy } from "./support";
import { sleeper, timerEvents, upTo } from "./support";

/** Throws, each in its own way, after a timer or before. */
const POISON = {
  throws: defineOrchestration("throws", function* (ctx) {
    yield* ctx.createTimer(200);
    throw new Error("poison");
  }),
  throwsAtOnce: defineOrchestration("throwsAtOnce", function* () {
    throw new Error("poison");
  }),
  failsInActivity: defineOrchestration("failsInActivity", function* (ctx) {
    yield* ctx.createTimer(200);
    yield* ctx.callActivity(fail, "poison");
  }),
  asksTooMuch: defineOrchestration("asksTooMuch", function* (ctx) {
    yield* ctx.createTimer(200);
    yield* ctx.createTimer(Number.NaN);
  }),
} as const;

/** That a hub of the suite has. */
const MOST_PARTITIONS = 2;

/** Rows T1 to T10 of docs/reference/timer-rows.md. */
export const longSleeps: Topic = {
  title: "rows T: long sleeps",
  cases: [
    contractCase(
      "T1: a thousand instances asleep all wake, with ten of them in memory, and a restart between",
      async (scene) => {
        let begun = 0;
        const counted = defineOrchestration("counted", function* (ctx, ms: number) {
          begun++;
          yield* ctx.createTimer(ms);
          return ctx.currentUtcDateTime.getTime();
        });
        const code = { orchestrations: [counted] };
        const limits = { maxLiveInstances: 10 };
        const first = await runApp(scene, code, limits);
        const startedAt = scene.clock.now();
        const handles: InstanceHandle<number>[] = [];
        for (const n of upTo(1000)) handles.push(await first.start(counted, n < 500 ? HOUR_MS : 3 * HOUR_MS));
        await scene.until("the sleep of all", () => begun === 1000);
        await scene.pass(1.5 * HOUR_MS);
        for (const handle of handles.slice(0, 500)) await first.end(handle);

        // Who was not in memory had to begin again.
        expect(begun).toBeGreaterThanOrEqual(1500 - limits.maxLiveInstances);
        await first.worker.stop();
        const second = await runApp(scene, code, { ...limits, backend: await scene.hub.another() });
        await scene.pass(2 * HOUR_MS);

        const slept: number[] = [];
        for (const handle of handles) slept.push((await second.result(seenBy(second, handle))) - startedAt);
        expect(Math.min(...slept)).toBeGreaterThanOrEqual(HOUR_MS);
        expect(Math.min(...slept.slice(500))).toBeGreaterThanOrEqual(3 * HOUR_MS);
      },
      VIRTUAL,
    ),

    contractCase(
      "T3: while all are asleep the worker does nothing at all",
      async (scene) => {
        const clock = new CountedClock(scene.clock);
        const app = await runApp(scene, { orchestrations: [sleeper] }, { clock });
        const handles = await Promise.all(upTo(100).map(() => app.start(sleeper, DAY_MS)));
        for (const handle of handles) await asleep(app, handle);
        await scene.pass(HOUR_MS);
        clock.uses = 0;

        await scene.pass(20 * HOUR_MS);

        expect(clock.uses).toBe(0);
        await scene.pass(4 * HOUR_MS);
        for (const handle of handles) expect(await handle.status()).toMatchObject({ status: "Completed" });
      },
      VIRTUAL,
    ),

    contractCase("T4: an earlier timer from another process wakes sooner", async (scene) => {
      const code = { orchestrations: [sleeper] };
      const app = await runApp(scene, code);
      const later = await asleep(app, await app.start(sleeper, 60_000));
      const other = await runApp(scene, code, { backend: await scene.hub.another() });
      const startedAt = scene.clock.now();

      const sooner = await other.start(sleeper, 500, { delay: 1000 });
      const woke = await other.result(sooner);

      expect(woke - startedAt).toBeGreaterThanOrEqual(1500);
      expect(woke - startedAt).toBeLessThan(30_000);
      expect(await later.status()).toMatchObject({ status: "Running" });
    }),

    contractCase("T4: a timer that another process moves ahead wakes sooner", async (scene) => {
      const code = { orchestrations: [sleeper] };
      const app = await runApp(scene, code);
      const handle = await asleep(app, await app.start(sleeper, 30 * DAY_MS));
      const { client } = await runApp(scene, code, { backend: await scene.hub.another() });
      const [timer] = await client.timers.of(handle.instanceId);
      const movedTo = scene.clock.now() + 1200;

      if (timer) await client.timers.move(timer, { at: movedTo });
      const woke = await app.result(handle);

      expect(woke).toBeGreaterThanOrEqual(movedTo);
      expect(woke - movedTo).toBeLessThan(30_000);
    }),

    ...[1, 2, 3].map((seed) =>
      contractCase(
        `T4: timers made, moved and cancelled at random fire in the order of their times, none early or lost (${seed})`,
        (scene) => expectOrder(scene, seed),
        VIRTUAL,
      ),
    ),

    contractCase("T5: a timer of ten years is listed, and fires when an operator says so", async (scene) => {
      const app = await runApp(scene, { orchestrations: [sleeper] });
      const handle = await asleep(app, await app.start(sleeper, 3653 * DAY_MS));

      const [timer] = await app.client.timers.of(handle.instanceId);

      const { createdAt, fireAt } = timer ?? { createdAt: new Date(0), fireAt: new Date(0) };
      expect(fireAt.getTime() - createdAt.getTime()).toBe(3653 * DAY_MS);
      if (timer) await app.client.timers.fire(timer);
      expect(await app.result(handle)).toBeLessThan(fireAt.getTime());
      expect(await timerEvents(handle)).toEqual(["TimerCreated", "TimerMoved", "TimerFired"]);
    }),

    contractCase("T8: what throws takes nobody along, and is not tried again and again", async (scene) => {
      let runs = 0;
      const explode = defineActivity("explode", () => {
        runs++;
        throw new Error("poison");
      });
      const explodes = defineOrchestration("explodes", function* (ctx) {
        yield* ctx.callActivity(explode);
      });
      const poison = [...Object.values(POISON), explodes];
      const app = await runApp(scene, {
        orchestrations: [...poison, sleeper],
        activities: [fail, explode],
      });
      const each = scaled(scene, 100, 4);
      const bad: InstanceHandle[] = [];
      const good: InstanceHandle<number>[] = [];
      for (let n = 0; n < each; n++) {
        for (const one of poison) bad.push(await app.start(one, undefined));
        good.push(await app.start(sleeper, 300));
      }

      for (const handle of good) expect(await app.result(handle)).toBeGreaterThan(0);

      for (const handle of bad) expect(await app.end(handle)).toMatchObject({ status: "Failed" });
      expect(runs).toBe(each);
      expect(await scene.deadLetters()).toEqual([]);
      expect(await app.result(await app.start(sleeper, 0))).toBeGreaterThan(0);
    }),

    contractCase(
      "T9: timers that come due in an outage all fire once after it, in the order of their times",
      async (scene) => {
        const woken: number[] = [];
        const ordered = defineOrchestration("ordered", function* (ctx, at: number) {
          const timer = ctx.createTimer({ at });
          yield* timer;
          woken.push(at);
        });
        const code = { orchestrations: [ordered] };
        const first = await runApp(scene, code);
        const [count, apart] = scene.time === "virtual" ? [100, 3000] : [12, 50];
        const due = scene.clock.now() + 4000;
        const times = upTo(count).map((n) => due + apart * ((7 * n) % count));
        const handles = await Promise.all(times.map((time) => first.start(ordered, time)));
        for (const handle of handles) await asleep(first, handle);
        await first.worker.stop();
        await scene.pass(Math.max(0, Math.max(...times) - scene.clock.now()) + 2000);
        expect(woken).toEqual([]);

        const second = await runApp(scene, code, { backend: await scene.hub.another() });
        for (const handle of handles) await second.end(seenBy(second, handle));

        const inOrder = [...times].sort((a, b) => a - b);
        expect([...woken].sort((a, b) => a - b)).toEqual(inOrder);
        // Partition by partition; in real time turns overtake one another.
        if (scene.time === "virtual") expect(sequencesIn(woken)).toBeLessThanOrEqual(MOST_PARTITIONS);
        for (const handle of handles.slice(0, 5))
          expect(await timerEvents(seenBy(second, handle))).toEqual(["TimerCreated", "TimerFired"]);
        const { count: fired, p50 } = second.worker.timerLateness;
        expect(fired).toBe(count);
        expect(p50).toBeGreaterThanOrEqual(1000);
      },
    ),

    contractCase(
      "T10: several triggers in one, with jitter, a grace for misfires, and one run for all that were missed",
      async (scene) => {
        const noted = defineOrchestration("noted", function* (ctx) {
          return ctx.currentUtcDateTime.getTime();
        });
        const app = await runApp(scene, { orchestrations: [noted] });
        const midnight = scene.clock.now() - (scene.clock.now() % DAY_MS) + DAY_MS;
        const schedule = await app.client.schedules.create({
          ...{ id: "combined", orchestration: noted, overlapPolicy: "allowAll" },
          spec: {
            ...{ cron: ["30 4 * * *", "@daily"], every: { interval: "6h" } },
            ...{ exclude: { calendar: { hour: 18 } }, jitter: "5m", startAt: midnight + 1 },
          },
          ...{ catchUpWindow: "1d", maxCatchUp: 1 },
        });
        const { nextTimes } = await schedule.describe({ nextTimes: 4 });
        await scene.pass(midnight + DAY_MS + 10 * MINUTE_MS - scene.clock.now());

        const begun = await outputsOf(app, "combined-");
        expect(nextTimes.map((time) => Math.floor((time.getTime() - midnight) / HOUR_MS))).toEqual([
          4, 6, 12, 24,
        ]);
        expect(begun).toHaveLength(4);
        for (const [index, time] of begun.entries()) {
          expect(time - Number(nextTimes[index])).toBeGreaterThanOrEqual(0);
          expect(time - Number(nextTimes[index])).toBeLessThan(MINUTE_MS);
        }

        await app.worker.stop();
        await scene.pass(3 * DAY_MS);
        const second = await runApp(
          scene,
          { orchestrations: [noted] },
          { backend: await scene.hub.another() },
        );
        await scene.pass(10 * MINUTE_MS);
        const { counts } = await second.client.schedules.get("combined").describe();
        expect(counts).toEqual({ started: 5, skipped: 0, missed: 11 });
      },
      VIRTUAL,
    ),
  ],
};

async function outputsOf(app: App, instanceIdPrefix: string): Promise<readonly number[]> {
  await app.scene.listed();
  const outputs: number[] = [];
  for await (const { output } of app.client.list({ instanceIdPrefix, includePayloads: true }))
    if (typeof output === "number") outputs.push(output);
  return outputs.sort((a, b) => a - b);
}

/** A hundred timers, a minute apart in no order; a third is moved, another cancelled. */
async function expectOrder(scene: Scene, seed: number): Promise<void> {
  const fired: number[] = [];
  const cancelled: string[] = [];
  const one = defineOrchestration("one", function* (ctx, at: number) {
    const timer = ctx.createTimer({ at });
    try {
      yield* timer;
    } catch {
      cancelled.push(ctx.instanceId);
      return;
    }
    fired.push(timer.fireAt.getTime());
    if (ctx.currentUtcDateTime < timer.fireAt) throw new Error("It is early.");
    yield* ctx.callActivity(echo, "after");
  });
  const app = await runApp(scene, { orchestrations: [one], activities: [echo] });
  const start = scene.clock.now() + HOUR_MS;
  const times = shuffled(
    upTo(200).map((n) => start + n * MINUTE_MS),
    seed,
  );
  const due: number[] = [];
  const expectedCancelled: string[] = [];
  for (const n of upTo(100)) {
    const handle = await asleep(app, await app.start(one, times[2 * n] ?? 0));
    const [timer] = await app.client.timers.of(handle.instanceId);
    if (timer && n % 3 === 1) await app.client.timers.move(timer, { at: times[2 * n + 1] ?? 0 });
    if (timer && n % 3 === 2) await app.client.timers.cancel(timer);
    if (n % 3 === 2) expectedCancelled.push(handle.instanceId);
    else due.push(times[n % 3 === 1 ? 2 * n + 1 : 2 * n] ?? 0);
  }

  await scene.pass(start + 201 * MINUTE_MS - scene.clock.now());

  expect(fired).toEqual(due.sort((a, b) => a - b));
  expect(cancelled.sort()).toEqual(expectedCancelled.sort());
  await scene.listed();
  for await (const { status } of app.client.list({ name: "one" })) expect(status).toBe("Completed");
}

/** How many sequences in ascending order these numbers were merged from, at least. */
function sequencesIn(merged: readonly number[]): number {
  const lasts: number[] = [];
  for (const one of merged) {
    const index = lasts.findIndex((last) => last <= one);
    lasts[index < 0 ? lasts.length : index] = one;
  }
  return lasts.length;
}

/** The same for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const rest = [...items];
  const mixed: T[] = [];
  let state = seed;
  while (rest.length > 0) {
    state = (state * 48_271) % 2_147_483_647;
    mixed.push(...rest.splice(state % rest.length, 1));
  }
  return mixed;
}
