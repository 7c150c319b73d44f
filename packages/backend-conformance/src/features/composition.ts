import {
  InvalidArgumentError,
  TaskFailedError,
  TaskTimeoutError,
  defineActivity,
  defineOrchestration,
} from "@perdure/core";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { runApp } from "./app";
import { echo, fail } from "./code";

export const composition: Topic = {
  title: "composition",
  cases: [
    contractCase(
      "all fails with the first failure in history, without waiting for the rest",
      async (scene) => {
        const failing = defineOrchestration("failing", function* (ctx) {
          try {
            yield* ctx.all([
              ctx.createTimer("30d"),
              ctx.waitForExternalEvent("never"),
              ctx.callActivity(fail, "first"),
            ]);
            return "nothing failed";
          } catch (error) {
            return TaskFailedError.is(error) ? error.failure.errorMessage : "something else";
          }
        });
        const app = await runApp(scene, { orchestrations: [failing], activities: [fail] });

        expect(await app.call(failing, undefined)).toBe("first");
      },
    ),

    contractCase("all of nothing is nothing, any and race of nothing are refused", async (scene) => {
      const empty = defineOrchestration("empty", function* (ctx) {
        const none = yield* ctx.all([]);
        const settled = yield* ctx.allSettled([]);
        const refused = [() => ctx.any([]), () => ctx.race([])].map((attempt) => {
          try {
            attempt();
            return false;
          } catch (error) {
            return InvalidArgumentError.is(error);
          }
        });
        return { none, settled, refused };
      });
      const app = await runApp(scene, { orchestrations: [empty] });

      expect(await app.call(empty, undefined)).toEqual({ none: [], settled: [], refused: [true, true] });
    }),

    contractCase("allSettled waits for all and tells how each ended", async (scene) => {
      const settling = defineOrchestration("settling", function* (ctx) {
        const outcomes = yield* ctx.allSettled([
          ctx.callActivity(fail, "bad"),
          ctx.callActivity(echo, "good"),
          ctx.createTimer(50),
        ]);
        return outcomes.map(({ status }) => status);
      });
      const app = await runApp(scene, { orchestrations: [settling], activities: [fail, echo] });

      expect(await app.call(settling, undefined)).toEqual(["failed", "completed", "completed"]);
    }),

    contractCase("any gives the task that ended first, whatever its place in the list", async (scene) => {
      const racing = defineOrchestration("racing", function* (ctx) {
        const never = ctx.waitForExternalEvent("never");
        const slow = ctx.createTimer("1d");
        const fast = ctx.callActivity(echo, "fast");
        const winner = yield* ctx.any([never, slow, fast]);
        return [winner === fast, yield* fast];
      });
      const app = await runApp(scene, { orchestrations: [racing], activities: [echo] });

      expect(await app.call(racing, undefined)).toEqual([true, "fast"]);
    }),

    contractCase("any gives a failed task as it gives any other", async (scene) => {
      const racing = defineOrchestration("racing", function* (ctx) {
        const failing = ctx.callActivity(fail, "first to end");
        const winner = yield* ctx.any([ctx.createTimer("1d"), failing]);
        return winner === failing && winner.outcome?.status === "failed";
      });
      const app = await runApp(scene, { orchestrations: [racing], activities: [fail] });

      expect(await app.call(racing, undefined)).toBe(true);
    }),

    contractCase("race gives the result of the winner", async (scene) => {
      const racing = defineOrchestration("racing", function* (ctx) {
        return yield* ctx.race([ctx.waitForExternalEvent<string>("never"), ctx.callActivity(echo, "winner")]);
      });
      const app = await runApp(scene, { orchestrations: [racing], activities: [echo] });

      expect(await app.call(racing, undefined)).toBe("winner");
    }),

    contractCase("tasks that have ended count, in every combinator", async (scene) => {
      const done = defineOrchestration("done", function* (ctx) {
        const first = ctx.callActivity(echo, 1);
        const second = ctx.callActivity(echo, 2);
        yield* first;
        yield* second;
        const all = yield* ctx.all([first, second]);
        const winner = yield* ctx.any([ctx.createTimer("1d"), first]);
        return [all, winner === first, yield* ctx.race([second, ctx.createTimer("1d")])];
      });
      const app = await runApp(scene, { orchestrations: [done], activities: [echo] });

      expect(await app.call(done, undefined)).toEqual([[1, 2], true, 2]);
    }),

    contractCase("one task may be part of several combinations, nested ones too", async (scene) => {
      const nested = defineOrchestration("nested", function* (ctx) {
        const shared = ctx.callActivity(echo, "shared");
        const other = ctx.callActivity(echo, "other");
        const [winner, both] = yield* ctx.all([
          ctx.any([shared, ctx.createTimer("1d")]),
          ctx.all([shared, ctx.race([other, ctx.createTimer("1d")])]),
        ]);
        return [winner === shared, both];
      });
      const app = await runApp(scene, { orchestrations: [nested], activities: [echo] });

      expect(await app.call(nested, undefined)).toEqual([true, ["shared", "other"]]);
    }),

    contractCase("withTimeout fails what has not ended in time", async (scene) => {
      const timed = defineOrchestration("timed", function* (ctx) {
        const kept = yield* ctx.withTimeout(ctx.callActivity(echo, "in time"), "1d");
        try {
          yield* ctx.withTimeout(ctx.waitForExternalEvent("never"), 200);
          return "no timeout";
        } catch (error) {
          return [kept, TaskTimeoutError.is(error)];
        }
      });
      const app = await runApp(scene, { orchestrations: [timed], activities: [echo] });

      expect(await app.call(timed, undefined)).toEqual(["in time", true]);
    }),

    contractCase("routines run side by side and their results come together", async (scene) => {
      const parallel = defineOrchestration("parallel", function* (ctx) {
        const lane = (name: string) =>
          ctx.run(function* () {
            const first: unknown = yield* ctx.callActivity(echo, `${name}1`);
            const second: unknown = yield* ctx.callActivity(echo, `${name}2`);
            return [first, second];
          });
        return yield* ctx.all([lane("a"), lane("b")]);
      });
      const app = await runApp(scene, { orchestrations: [parallel], activities: [echo] });

      expect(await app.call(parallel, undefined)).toEqual([
        ["a1", "a2"],
        ["b1", "b2"],
      ]);
    }),

    contractCase("map works on a bounded number of items at a time and keeps their order", async (scene) => {
      let running = 0;
      let most = 0;
      const counted = defineActivity("counted", async (_ctx, item: number) => {
        most = Math.max(most, ++running);
        await scene.pass(10);
        running--;
        return item * item;
      });
      const mapping = defineOrchestration("mapping", function* (ctx, items: number[]) {
        return yield* ctx.map(items, (item) => ctx.callActivity(counted, item), { concurrency: 3 });
      });
      const app = await runApp(scene, { orchestrations: [mapping], activities: [counted] });
      const items = Array.from({ length: 15 }, (_, index) => index);

      expect(await app.call(mapping, items)).toEqual(items.map((item) => item * item));
      expect(most).toBeLessThanOrEqual(3);
    }),

    contractCase("code goes on after a caught failure", async (scene) => {
      const sturdy = defineOrchestration("sturdy", function* (ctx) {
        const log: unknown[] = [];
        for (const message of ["one", "two"]) {
          try {
            yield* ctx.callActivity(fail, message);
          } catch (error) {
            log.push((error as Error).message.includes(message));
          } finally {
            log.push(yield* ctx.callActivity(echo, `after ${message}`));
          }
        }
        return log;
      });
      const app = await runApp(scene, { orchestrations: [sturdy], activities: [fail, echo] });

      expect(await app.call(sturdy, undefined)).toEqual([true, "after one", true, "after two"]);
    }),
  ],
};
