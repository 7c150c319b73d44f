import { defineActivity, defineOrchestration } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import { contractCase } from "../../contract-case";
import type { Topic } from "../../contract-case";
import { runApp } from "../app";
import { echo } from "../code";
import {
  HOUR_MS,
  VIRTUAL,
  asleep,
  countedCommits,
  scaled,
  seenBy,
  sleeper,
  timerEvents,
  upTo,
} from "./support";

const MARCH = { at: "2031-03-30T02:30", timeZone: "Europe/Paris" } as const;

/** Rows I1 to I11 of docs/reference/timer-rows.md. */
export const firing: Topic = {
  title: "rows I: how timers fire",
  cases: [
    contractCase("I1: timers of a process that hangs are fired by another one", async (scene) => {
      const code = { orchestrations: [sleeper] };
      const first = await runApp(scene, code);
      const handles = await Promise.all(upTo(5).map((n) => first.start(sleeper, 2000 + n)));
      for (const handle of handles) await asleep(first, handle);

      await scene.pause(first.backend);
      const second = await runApp(scene, code, { backend: await scene.hub.another() });

      for (const handle of handles) expect(await second.result(seenBy(second, handle))).toBeGreaterThan(0);
      for (const handle of handles)
        expect(await timerEvents(seenBy(second, handle))).toEqual(["TimerCreated", "TimerFired"]);
    }),

    contractCase("I2: of timers that fire together one may fail, and is tried again alone", async (scene) => {
      let attempts = 0;
      const shaky = defineActivity("shaky", () => {
        if (++attempts < 3) throw new Error("not yet");
        return "at last";
      });
      const together = defineOrchestration("together", function* (ctx, role: string) {
        yield* ctx.createTimer(500);
        if (role === "throws") throw new Error("poison");
        if (role === "calm") return role;
        return yield* ctx.callActivity(shaky, undefined, {
          retry: { maxAttempts: 3, firstRetryInterval: 100 },
        });
      });
      const app = await runApp(scene, { orchestrations: [together], activities: [shaky] });
      const roles = ["calm", "throws", "retries", "calm"];
      const handles = await Promise.all(roles.map((role) => app.start(together, role)));

      const ends: unknown[] = [];
      for (const handle of handles) {
        const { status, output } = await app.end(handle);
        ends.push(output ?? status);
      }

      expect(ends).toEqual(["calm", "Failed", "at last", "calm"]);
      expect(attempts).toBe(3);
    }),

    contractCase("I4: a deploy loses and doubles none of the timers that are pending", async (scene) => {
      const contract = (version: string) =>
        defineOrchestration(
          "contract",
          function* (ctx, ms: number) {
            yield* ctx.createTimer(ms);
            if (version === "2") yield* ctx.callActivity(echo, "new");
            return [ctx.version, version];
          },
          { version },
        );
      const before = contract("1");
      const first = await runApp(scene, { orchestrations: [before] });
      const count = scaled(scene, 1000, 12);
      const handles = await Promise.all(upTo(count).map((n) => first.start(before, 3000 + n)));
      for (const handle of handles) await asleep(first, handle);
      await first.worker.stop();

      const second = await runApp(
        scene,
        { orchestrations: [contract("2")], activities: [echo] },
        { backend: await scene.hub.another() },
      );

      for (const handle of handles) {
        expect(await second.result(seenBy(second, handle))).toEqual(["1", "2"]);
        expect(await timerEvents(seenBy(second, handle))).toEqual(["TimerCreated", "TimerFired"]);
      }
    }),

    contractCase(
      "I5: ten thousand timers due in one second all fire, none early, instance by instance in their order",
      async (scene) => {
        const fired: number[] = [];
        const burst = defineOrchestration("burst", function* (ctx, from: number) {
          const waits = upTo(100).map((n) =>
            ctx.run(function* () {
              const timer = ctx.createTimer({ at: from + ((n * 37) % 100) * 10 });
              yield* timer;
              if (ctx.currentUtcDateTime < timer.fireAt) throw new Error("It is early.");
              return timer.fireAt.getTime();
            }),
          );
          const times: number[] = [];
          for (
            let left = new Set(waits);
            left.size > 0;
            left = new Set([...left].filter((one) => !one.isCompleted))
          ) {
            const first = yield* ctx.any([...left]);
            times.push(yield* first);
            left.delete(first);
          }
          fired.push(...times);
          return times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0));
        });
        const app = await runApp(scene, { orchestrations: [burst] }, { maxConcurrentTurns: 20 });
        const due = scene.clock.now() + HOUR_MS;
        const handles: InstanceHandle<boolean>[] = [];
        for (let n = 0; n < 100; n++) handles.push(await app.start(burst, due));

        await scene.pass(HOUR_MS + 1000);

        for (const handle of handles) expect(await app.result(handle)).toBe(true);
        expect(fired).toHaveLength(10_000);
        expect(app.worker.timerLateness).toMatchObject({ count: 10_000 });
      },
      VIRTUAL,
    ),

    contractCase("I6: a worker tells how late its timers were", async (scene) => {
      const app = await runApp(scene, { orchestrations: [sleeper] });
      expect(app.worker.timerLateness).toMatchObject({ count: 0, max: 0 });

      for (const handle of await Promise.all(upTo(5).map((n) => app.start(sleeper, 300 + n))))
        await app.result(handle);

      const { count, mean, p50, p99, max } = app.worker.timerLateness;
      expect(count).toBe(5);
      expect([0, p50, p99, max]).toEqual([0, p50, p99, max].sort((a, b) => a - b));
      expect(mean).toBeLessThanOrEqual(max);
    }),

    contractCase("I7: a timer and a schedule take the same time on the wall of a place", async (scene) => {
      const waits = defineOrchestration("waits", function* (ctx) {
        yield* ctx.createTimer(MARCH);
      });
      const app = await runApp(scene, { orchestrations: [waits] });
      const schedule = await app.client.schedules.create({
        ...{ id: "spring", orchestration: waits },
        spec: {
          calendar: { year: 2031, month: 3, dayOfMonth: 30, hour: 2, minute: 30 },
          timeZone: "Europe/Paris",
        },
      });

      const { nextTimerAt } = await (await asleep(app, await app.start(waits, undefined))).status();

      expect(nextTimerAt?.toISOString()).toBe("2031-03-30T01:30:00.000Z"); // clocks skip 2:30 there
      expect((await schedule.describe()).nextTimes).toEqual([nextTimerAt]);
    }),

    contractCase(
      "I10: three hundred instances that wake at once leave the event loop to others between them",
      async (scene) => {
        let woken = 0;
        const woke = defineOrchestration("woke", function* (ctx, at: number) {
          yield* ctx.createTimer({ at });
          burn(2);
          woken++;
        });
        const app = await runApp(scene, { orchestrations: [woke] }, { maxConcurrentTurns: 50 });
        const due = scene.clock.now() + HOUR_MS;
        for (let n = 0; n < 300; n++) await asleep(app, await app.start(woke, due));
        let largest = 0;
        let before = 0;
        let isOver = false;
        const look = (): void => {
          largest = Math.max(largest, woken - before);
          before = woken;
          if (!isOver) setImmediate(look);
        };
        look();

        await scene.pass(HOUR_MS);
        await scene.until("the waking of all", () => woken === 300);
        isOver = true;

        expect(largest).toBeLessThanOrEqual(200);
      },
      VIRTUAL,
    ),

    contractCase("I11: a timer costs one commit and two rows of history more", async (scene) => {
      const plain = defineOrchestration("plain", function* () {
        return 1;
      });
      let commits = 0;
      const backend = countedCommits(scene.backend, () => commits++);
      const app = await runApp(scene, { orchestrations: [plain, sleeper] }, { backend });
      /** The least of three runs: a busy machine may lose a lock and try again. */
      const commitsOf = async (start: () => Promise<InstanceHandle>): Promise<number> => {
        const counts: number[] = [];
        for (let n = 0; n < 3; n++) {
          commits = 0;
          await app.result(await start());
          counts.push(commits);
        }
        return Math.min(...counts);
      };

      const without = await commitsOf(() => app.start(plain, undefined));
      const withTimer = await commitsOf(() => app.start(sleeper, 500));

      expect(withTimer - without).toBe(1);
      const rows = async (one: InstanceHandle): Promise<number> =>
        (await one.history()).filter(({ type }) => type !== "OrchestratorStarted").length;
      const [one, other] = [await app.start(plain, undefined), await app.start(sleeper, 1)];
      for (const handle of [one, other]) await app.end(handle);
      expect((await rows(other)) - (await rows(one))).toBe(2);
    }),
  ],
};

/** Keeps the processor busy. */
function burn(ms: number): void {
  const until = process.hrtime.bigint() + BigInt(ms * 1_000_000);
  while (process.hrtime.bigint() < until);
}
