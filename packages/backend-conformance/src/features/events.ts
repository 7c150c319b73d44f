import { defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import { caseForEach, contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { Gate, runApp } from "./app";
import { waiter } from "./code";

const PAYLOADS: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  null: null,
  zero: 0,
  false: false,
  "an empty string": "",
  "an object": { deep: [{ "": "" }] },
  "a million characters": "ü".repeat(500_000),
};

export const events: Topic = {
  title: "external events",
  cases: [
    ...caseForEach(
      PAYLOADS,
      (name) => `an event brings its payload: ${name}`,
      async (scene, payload) => {
        const app = await runApp(scene, { orchestrations: [waiter] });
        const handle = await app.start(waiter, undefined);
        await app.reaches(handle, "waiting");

        await handle.raiseEvent("go", payload);

        expect(await app.result(handle)).toEqual(payload);
      },
    ),

    contractCase("a defined event types both ends, and names are case-insensitive", async (scene) => {
      const approval = defineEvent<{ approved: boolean }>("Approval");
      const asking = defineOrchestration("asking", function* (ctx) {
        const first = yield* ctx.waitForExternalEvent(approval);
        const second = yield* ctx.waitForExternalEvent<{ approved: boolean }>("aPPROVAL");
        return [first.approved, second.approved];
      });
      const app = await runApp(scene, { orchestrations: [asking] });
      const handle = await app.start(asking, undefined);

      await handle.raiseEvent(approval, { approved: true });
      await handle.raiseEvent("APPROVAL", { approved: false });

      expect(await app.result(handle)).toEqual([true, false]);
    }),

    contractCase("events that come before anyone waits are kept, each name in order", async (scene) => {
      const late = defineOrchestration("late", function* (ctx) {
        yield* ctx.waitForExternalEvent("start");
        const seen: unknown[] = [];
        for (let count = 0; count < 50; count++) seen.push(yield* ctx.waitForExternalEvent("n"));
        for (let count = 0; count < 50; count++) seen.push(yield* ctx.waitForExternalEvent("m"));
        return seen;
      });
      const app = await runApp(scene, { orchestrations: [late] });
      const handle = await app.start(late, undefined);

      for (let index = 0; index < 50; index++) {
        await handle.raiseEvent("n", index);
        await handle.raiseEvent("m", 100 + index);
      }
      await handle.raiseEvent("start");

      const numbers = Array.from({ length: 50 }, (_, index) => index);
      expect(await app.result(handle)).toEqual([...numbers, ...numbers.map((number) => 100 + number)]);
    }),

    contractCase("events raised before any worker runs are kept", async (scene) => {
      const collector = defineOrchestration("collector", function* (ctx) {
        return [yield* ctx.waitForExternalEvent("a"), yield* ctx.waitForExternalEvent("b")];
      });
      const idle = await runApp(scene, { orchestrations: [] });
      await idle.worker.stop();
      const handle = await idle.start(collector, undefined);
      await handle.raiseEvent("b", 2);
      await handle.raiseEvent("a", 1);

      const app = await runApp(
        scene,
        { orchestrations: [collector] },
        { backend: await scene.hub.another() },
      );

      expect(await app.result(app.client.instance(handle.instanceId))).toEqual([1, 2]);
    }),

    contractCase("of two waits for one name the older gets the first event", async (scene) => {
      const two = defineOrchestration("two", function* (ctx) {
        const first = ctx.waitForExternalEvent("e");
        const second = ctx.waitForExternalEvent("e");
        const results = yield* ctx.all([second, first]);
        return results;
      });
      const app = await runApp(scene, { orchestrations: [two] });
      const handle = await app.start(two, undefined);

      await handle.raiseEvent("e", "one");
      await handle.raiseEvent("e", "two");

      expect(await app.result(handle)).toEqual(["two", "one"]);
    }),

    contractCase("a wait that timed out gives undefined and takes no event", async (scene) => {
      const patient = defineOrchestration("patient", function* (ctx) {
        const first = yield* ctx.waitForExternalEvent("e", { timeout: 300 });
        ctx.setCustomStatus("timed out");
        return [first === undefined, yield* ctx.waitForExternalEvent("e")];
      });
      const app = await runApp(scene, { orchestrations: [patient] });
      const handle = await app.start(patient, undefined);
      await app.reaches(handle, "timed out");

      await handle.raiseEvent("e", "for the second wait");

      expect(await app.result(handle)).toEqual([true, "for the second wait"]);
    }),

    contractCase("an event in time beats the timeout, whose timer is gone", async (scene) => {
      const patient = defineOrchestration("patient", function* (ctx) {
        return yield* ctx.waitForExternalEvent("e", { timeout: "30d" });
      });
      const app = await runApp(scene, { orchestrations: [patient] });
      const handle = await app.start(patient, undefined);

      await handle.raiseEvent("e", "in time");

      expect(await app.result(handle)).toBe("in time");
    }),

    contractCase("waits that lose a race in a loop lose no events", async (scene) => {
      const loop = defineOrchestration("loop", function* (ctx) {
        const seen: unknown[] = [];
        while (seen.length < 6) {
          const event = ctx.waitForExternalEvent("e");
          const winner = yield* ctx.any([event, ctx.createTimer(150)]);
          if (winner === event) seen.push(yield* event);
        }
        return seen;
      });
      const app = await runApp(scene, { orchestrations: [loop] });
      const handle = await app.start(loop, undefined);

      for (let index = 0; index < 6; index++) {
        await handle.raiseEvent("e", index);
        await scene.pass(200);
      }

      expect(await app.result(handle)).toEqual([0, 1, 2, 3, 4, 5]);
    }),

    contractCase("an event is dealt with while activities run", async (scene) => {
      const gate = new Gate();
      const slow = defineActivity("slow", async () => {
        await gate.pass();
        return "slow";
      });
      const caller = defineOrchestration("caller", function* (ctx) {
        const running = ctx.callActivity(slow);
        const event = yield* ctx.waitForExternalEvent("e");
        ctx.setCustomStatus("heard");
        return [event, yield* running];
      });
      const app = await runApp(scene, { orchestrations: [caller], activities: [slow] });
      const handle = await app.start(caller, undefined);
      await handle.waitForStart({ timeout: scene.patienceMs });

      await handle.raiseEvent("e", "event");
      await app.reaches(handle, "heard");
      gate.open();

      expect(await app.result(handle)).toEqual(["event", "slow"]);
    }),

    contractCase(
      "an event for an instance that does not exist ends in the dead letters",
      async (scene) => {
        const sender = defineOrchestration("sender", function* (ctx) {
          ctx.sendEvent("nobody", "lost", "payload");
          yield* ctx.createTimer(0);
        });
        const app = await runApp(scene, { orchestrations: [sender] });
        await app.call(sender, undefined);

        const letter = await scene.until("the dead letter", async () => (await scene.deadLetters())[0]);

        expect(letter).toMatchObject({ instanceId: "nobody" });
        expect(letter.body).toContain("lost");
      },
      { needsVirtualTime: true },
    ),

    contractCase("an instance raises events on another and on itself", async (scene) => {
      const sender = defineOrchestration("sender", function* (ctx, target: string) {
        ctx.sendEvent(target, "go", { from: ctx.instanceId });
        ctx.sendEvent(ctx.instanceId, "self", "me");
        ctx.sendEvent("nobody-has-this-id", "go", "lost");
        return yield* ctx.waitForExternalEvent("self");
      });
      const app = await runApp(scene, { orchestrations: [waiter, sender] });
      const receiver = await app.start(waiter, undefined);

      const sent = await app.start(sender, receiver.instanceId, { instanceId: "the-sender" });

      expect(await app.result(sent)).toBe("me");
      expect(await app.result(receiver)).toEqual({ from: "the-sender" });
    }),

    contractCase("an instance that has not started, scheduled for later, keeps its events", async (scene) => {
      const app = await runApp(scene, { orchestrations: [waiter] });
      const handle = await app.start(waiter, undefined, { delay: 800 });

      await handle.raiseEvent("go", "early");
      await scene.pass(200);
      expect(await handle.status()).toMatchObject({ status: "Pending" });

      expect(await app.result(handle)).toBe("early");
    }),

    contractCase("an event on a finished or missing instance is refused", async (scene) => {
      const app = await runApp(scene, { orchestrations: [waiter] });
      const handle = await app.start(waiter, undefined);
      await handle.raiseEvent("go");
      await app.end(handle);

      await expect(handle.raiseEvent("go")).rejects.toMatchObject({ code: "InvalidInstanceState" });
      await expect(app.client.instance("nobody").raiseEvent("go")).rejects.toMatchObject({
        code: "InstanceNotFound",
      });
    }),

    contractCase("events of names with spaces and of other scripts arrive", async (scene) => {
      const names = ["two words", "漢字", "a/b?c#d", "__proto__", "😀"];
      const polyglot = defineOrchestration("polyglot", function* (ctx) {
        return yield* ctx.all(names.map((name) => ctx.waitForExternalEvent<string>(name)));
      });
      const app = await runApp(scene, { orchestrations: [polyglot] });
      const handle = await app.start(polyglot, undefined);

      for (const name of [...names].reverse()) await handle.raiseEvent(name, name);

      expect(await app.result(handle)).toEqual(names);
    }),
  ],
};
