import { defineOrchestration } from "@perdure/core";
import type { OrchestrationDefinition } from "@perdure/core";
import { caseForEach, contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { runApp } from "./app";
import { double, echo } from "./code";

/** What orchestrators throw, and what becomes of it. */
const THROWN: Readonly<Record<string, { readonly thrown: unknown; readonly failure: object }>> = {
  "an error": { thrown: new RangeError("m"), failure: { errorType: "RangeError", errorMessage: "m" } },
  "a string": { thrown: "text", failure: { errorMessage: "text" } },
  undefined: { thrown: undefined, failure: { errorMessage: "undefined" } },
};

export const failures: Topic = {
  title: "failures of orchestrations",
  cases: [
    ...caseForEach(
      THROWN,
      (name) => `what an orchestrator throws fails the instance: ${name}`,
      async (scene, { thrown, failure }) => {
        const throwing = defineOrchestration("throwing", function* (ctx, late: boolean) {
          ctx.setCustomStatus("before");
          if (late) yield* ctx.callActivity(echo, 1);
          throw thrown;
        });
        const app = await runApp(scene, { orchestrations: [throwing], activities: [echo] });

        for (const late of [false, true]) {
          const handle = await app.start(throwing, late);
          expect(await app.end(handle)).toMatchObject({ status: "Failed", failure, customStatus: "before" });
        }
      },
    ),

    contractCase("a result without a JSON form fails the instance", async (scene) => {
      const odd = defineOrchestration("odd", function* (ctx) {
        yield* ctx.createTimer(0);
        return 1n;
      });
      const app = await runApp(scene, { orchestrations: [odd] });

      const handle = await app.start(odd, undefined);

      expect(await app.end(handle)).toMatchObject({
        status: "Failed",
        failure: { errorType: "NotSerializable" },
      });
    }),

    contractCase("an unknown orchestration parks the instance, until a worker knows it", async (scene) => {
      const known = defineOrchestration("known later", function* (ctx, input: number) {
        return yield* ctx.callActivity(double, input);
      });
      const first = await runApp(scene, { orchestrations: [] });
      const handle = await first.start(known, 4);
      const { blocked } = await first.until(handle, "block", ({ status }) => status === "Blocked");
      expect(blocked).toMatchObject({ kind: "UnknownOrchestration" });
      expect(blocked?.message).toContain("known later");
      await first.worker.stop();
      const second = await runApp(
        scene,
        { orchestrations: [known], activities: [double] },
        { backend: await scene.hub.another() },
      );

      await handle.resume();

      expect(await second.result(second.client.instance(handle.instanceId))).toBe(8);
    }),

    contractCase(
      "code that disagrees with history parks the instance, until code that agrees comes",
      async (scene) => {
        const agreeing = changing("echo");
        const disagreeing = changing("double");
        const first = await runApp(scene, { orchestrations: [agreeing], activities: [echo, double] });
        const handle = await first.start(agreeing, undefined, { instanceId: "parked" });
        await first.reaches(handle, "decided");
        await first.worker.stop();
        const second = await runApp(
          scene,
          { orchestrations: [disagreeing], activities: [echo, double] },
          { backend: await scene.hub.another() },
        );
        const parked = second.client.instance("parked");
        await parked.raiseEvent("go", "kept");
        const { blocked } = await second.until(parked, "block", ({ status }) => status === "Blocked");
        expect(blocked).toMatchObject({ kind: "NonDeterminism" });
        expect(blocked?.expected).toContain("echo");
        expect(blocked?.actual).toContain("double");
        await second.worker.stop();
        const third = await runApp(
          scene,
          { orchestrations: [agreeing], activities: [echo, double] },
          { backend: await scene.hub.another() },
        );

        const again = third.client.instance("parked");
        await again.resume();

        expect(await third.result(again)).toEqual([1, "kept"]);
      },
    ),

    contractCase("a parked instance can be terminated", async (scene) => {
      const app = await runApp(scene, { orchestrations: [] });
      const handle = await app.client.startNew("nobody knows it");
      await app.until(handle, "block", ({ status }) => status === "Blocked");

      await handle.terminate("give up");

      expect(await app.end(handle)).toMatchObject({
        status: "Terminated",
        failure: { errorMessage: "give up" },
      });
    }),

    contractCase("an instance that fails does no harm to others", async (scene) => {
      const fragile = defineOrchestration("fragile", function* (ctx, input: number) {
        const value = yield* ctx.callActivity(double, input);
        if (input % 2 === 1) throw new Error(`odd ${input}`);
        return value;
      });
      const app = await runApp(scene, { orchestrations: [fragile], activities: [double] });
      const handles = await Promise.all(Array.from({ length: 20 }, (_, index) => app.start(fragile, index)));

      const ends = await Promise.all(handles.map((handle) => app.end(handle)));

      expect(ends.map(({ status }) => status)).toEqual(
        handles.map((_, index) => (index % 2 === 1 ? "Failed" : "Completed")),
      );
    }),
  ],
};

/** One orchestration whose first decision depends on the deploy. */
function changing(activity: string): OrchestrationDefinition<void, unknown> {
  return defineOrchestration("changing", function* (ctx) {
    const first: unknown = yield* ctx.callActivity(activity, 1);
    ctx.setCustomStatus("decided");
    return [first, yield* ctx.waitForExternalEvent("go")];
  });
}
