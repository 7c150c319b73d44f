import { TaskFailedError, defineActivity, defineOrchestration } from "@perdure/core";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { runApp } from "./app";
import { double, echo, identity, waiter } from "./code";

export const subOrchestrations: Topic = {
  title: "sub-orchestrations",
  cases: [
    contractCase("a child's result reaches its parent", async (scene) => {
      const child = defineOrchestration("child", function* (ctx, value: number) {
        return yield* ctx.callActivity(double, value);
      });
      const parent = defineOrchestration("parent", function* (ctx, value: number) {
        return (yield* ctx.callSubOrchestrator(child, value)) + 1;
      });
      const app = await runApp(scene, { orchestrations: [parent, child], activities: [double] });

      expect(await app.call(parent, 20)).toBe(41);
    }),

    contractCase("a child knows its parent, and both say so by their status", async (scene) => {
      const child = defineOrchestration("child", function* (ctx) {
        return {
          parent: ctx.parent?.instanceId,
          self: ctx.instanceId,
          echo: yield* ctx.callActivity(echo, 1),
        };
      });
      const parent = defineOrchestration("parent", function* (ctx) {
        return yield* ctx.callSubOrchestrator(child);
      });
      const app = await runApp(scene, { orchestrations: [parent, child], activities: [echo] });

      const result = await app.call(parent, undefined, { instanceId: "the-parent" });

      expect(result.parent).toBe("the-parent");
      expect(await app.client.instance(result.self).status()).toMatchObject({
        name: "child",
        status: "Completed",
        parent: { instanceId: "the-parent", name: "parent" },
      });
    }),

    contractCase("a child may be given its id", async (scene) => {
      const parent = defineOrchestration("parent", function* (ctx) {
        return yield* ctx.callSubOrchestrator(identity, "given", { instanceId: "given-id" });
      });
      const app = await runApp(scene, { orchestrations: [parent, identity] });

      expect(await app.call(parent, undefined)).toBe("given");
      expect(await app.client.instance("given-id").status()).toMatchObject({
        status: "Completed",
        output: "given",
      });
    }),

    contractCase("a child whose id is in use fails, and the one that has the id goes on", async (scene) => {
      const parent = defineOrchestration("parent", function* (ctx) {
        try {
          yield* ctx.callSubOrchestrator(identity, 1, { instanceId: "taken" });
          return "no failure";
        } catch (error) {
          return TaskFailedError.is(error) ? error.failure.errorType : "something else";
        }
      });
      const app = await runApp(scene, { orchestrations: [parent, identity, waiter] });
      const holder = await app.start(waiter, undefined, { instanceId: "taken" });
      await app.reaches(holder, "waiting");

      expect(await app.call(parent, undefined)).toBe("InstanceAlreadyExists");

      await holder.raiseEvent("go", "still here");
      expect(await app.result(holder)).toBe("still here");
    }),

    contractCase("of two children with one id at a time, one runs and the other fails", async (scene) => {
      const parent = defineOrchestration("parent", function* (ctx) {
        const outcomes = yield* ctx.allSettled([
          ctx.callSubOrchestrator(waiter, undefined, { instanceId: "the-same" }),
          ctx.callSubOrchestrator(waiter, undefined, { instanceId: "the-same" }),
        ]);
        return outcomes.map(({ status }) => status);
      });
      const app = await runApp(scene, { orchestrations: [parent, waiter] });
      const handle = await app.start(parent, undefined);
      const child = app.client.instance("the-same");
      await app.reaches(child, "waiting");
      await scene.pass(200);

      await child.raiseEvent("go", 1);

      expect((await app.result(handle)).toSorted()).toEqual(["completed", "failed"]);
    }),

    contractCase("an id of its own line is refused in user code", async (scene) => {
      const parent = defineOrchestration("parent", function* (ctx) {
        try {
          yield* ctx.callSubOrchestrator(identity, 1, { instanceId: ctx.instanceId });
          return "accepted";
        } catch (error) {
          return (error as { code?: string }).code;
        }
      });
      const app = await runApp(scene, { orchestrations: [parent, identity] });

      expect(await app.call(parent, undefined)).toBe("InvalidArgument");
    }),

    contractCase("a failure climbs through three generations with its causes", async (scene) => {
      const failing = defineActivity("failing", (): unknown => {
        throw new RangeError("at the bottom", { cause: new TypeError("below it") });
      });
      const grandchild = defineOrchestration("grandchild", function* (ctx) {
        return yield* ctx.callActivity(failing);
      });
      const child = defineOrchestration("child", function* (ctx) {
        return yield* ctx.callSubOrchestrator(grandchild);
      });
      const parent = defineOrchestration("parent", function* (ctx) {
        try {
          return yield* ctx.callSubOrchestrator(child);
        } catch (error) {
          return TaskFailedError.is(error) ? error.failure : "something else";
        }
      });
      const app = await runApp(scene, { orchestrations: [parent, child, grandchild], activities: [failing] });

      expect(await app.call(parent, undefined)).toMatchObject({
        errorType: "RangeError",
        errorMessage: "at the bottom",
        innerFailure: { errorType: "TypeError", errorMessage: "below it" },
      });
    }),

    contractCase("a child that is terminated fails its parent's call with the reason", async (scene) => {
      const parent = defineOrchestration("parent", function* (ctx) {
        try {
          return yield* ctx.callSubOrchestrator(waiter, undefined, { instanceId: "the-child" });
        } catch (error) {
          return TaskFailedError.is(error) ? error.failure.errorMessage : "something else";
        }
      });
      const app = await runApp(scene, { orchestrations: [parent, waiter] });
      const handle = await app.start(parent, undefined);
      const child = app.client.instance("the-child");
      await app.reaches(child, "waiting");

      await child.terminate("because");

      expect(await app.result(handle)).toContain("because");
    }),

    contractCase("twenty children run side by side, results in the order of the calls", async (scene) => {
      const parent = defineOrchestration("parent", function* (ctx) {
        return yield* ctx.all(
          Array.from({ length: 20 }, (_, index) => ctx.callSubOrchestrator(identity, index)),
        );
      });
      const app = await runApp(scene, { orchestrations: [parent, identity] });

      expect(await app.call(parent, undefined)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    }),

    contractCase("a line of twelve generations returns to its head", async (scene) => {
      const nested = defineOrchestration("nested", function* (ctx, depth: number) {
        if (depth === 0) return [ctx.instanceId];
        const below: string[] = yield* ctx.callSubOrchestrator<string[]>("nested", depth - 1);
        return [...below, ctx.instanceId];
      });
      const app = await runApp(scene, { orchestrations: [nested] });

      const ids = await app.call(nested, 12);

      expect(new Set(ids).size).toBe(13);
      for (const id of ids) expect(id.length).toBeLessThan(60);
    }),

    contractCase("children inherit tags and take the version they are given", async (scene) => {
      const child = defineOrchestration(
        "child",
        function* (ctx) {
          yield* ctx.createTimer(0);
          return { tags: ctx.tags, version: ctx.version };
        },
        { version: "7.0" },
      );
      const parent = defineOrchestration("parent", function* (ctx) {
        return yield* ctx.all([
          ctx.callSubOrchestrator(child),
          ctx.callSubOrchestrator(child, undefined, { version: "8.0", tags: { own: "1", team: "mine" } }),
        ]);
      });
      const app = await runApp(scene, { orchestrations: [parent, child] });

      expect(await app.call(parent, undefined, { tags: { team: "red" } })).toEqual([
        { tags: { team: "red" }, version: "7.0" },
        { tags: { team: "mine", own: "1" }, version: "8.0" },
      ]);
    }),

    contractCase("a parent that ends leaves its children running", async (scene) => {
      const parent = defineOrchestration("parent", function* (ctx) {
        ctx.callSubOrchestrator(waiter, undefined, { instanceId: "orphan" });
        return yield* ctx.callActivity(echo, "gone");
      });
      const app = await runApp(scene, { orchestrations: [parent, waiter], activities: [echo] });

      expect(await app.call(parent, undefined)).toBe("gone");

      const orphan = app.client.instance("orphan");
      await app.reaches(orphan, "waiting");
      await orphan.raiseEvent("go", "alone");
      expect(await app.result(orphan)).toBe("alone");
    }),
  ],
};
