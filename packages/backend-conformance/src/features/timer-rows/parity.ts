import { defineActivity, defineOrchestration } from "@perdure/core";
import { periodic, stopPeriodic } from "@perdure/schedules";
import { contractCase } from "../../contract-case";
import type { Topic } from "../../contract-case";
import { Gate, runApp } from "../app";
import { identity } from "../code";
import { DAY_MS, MINUTE_MS, VIRTUAL, asleep, sleeper, timerEvents, upTo } from "./support";

/** One moment, in every form a timer takes. */
const MOMENT = Date.UTC(2031, 4, 1, 12);
const FORMS = {
  "a date": new Date(MOMENT),
  "a number": { at: MOMENT },
  UTC: { at: "2031-05-01T12:00:00Z" },
  "an offset": { at: "2031-05-01T14:00:00+02:00" },
  "another day": { at: "2031-05-02T02:00:00.000+14:00" },
  "a place": { at: "2031-05-01T14:00", timeZone: "Europe/Paris" },
} as const;

/** Rows D1 to D10 of docs/reference/timer-rows.md. */
export const parity: Topic = {
  title: "rows D: what Durable Functions promise of timers",
  cases: [
    contractCase("D1: a timer that is due is a message that whoever comes first gets", async (scene) => {
      const app = await runApp(scene, { orchestrations: [sleeper] });
      const handle = await asleep(app, await app.start(sleeper, 1200));
      await app.worker.stop(); // nothing runs any more
      await scene.pass(2000);

      const backend = await scene.hub.another();
      const session = await scene.lock(backend);

      expect(session.instanceId).toBe(handle.instanceId);
      expect(await scene.take(session)).toMatchObject([
        { instanceId: handle.instanceId, event: { type: "TimerFired", timerId: 0 } },
      ]);
      await session.abandon(scene.clock.now(), "it was only looked at");
      const next = await runApp(scene, { orchestrations: [sleeper] }, { backend });
      expect(await next.result(next.client.instance(handle.instanceId))).toBeGreaterThan(0);
    }),

    contractCase(
      "D2: seven weeks are one timer, not slices of six days",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [sleeper] });
        const startedAt = scene.clock.now();
        const handle = await app.start(sleeper, 49 * DAY_MS);
        await scene.pass(48 * DAY_MS);
        expect(await timerEvents(handle)).toEqual(["TimerCreated"]);
        await scene.pass(DAY_MS + MINUTE_MS);

        expect((await app.result(handle)) - startedAt).toBeGreaterThanOrEqual(49 * DAY_MS);
        expect(await timerEvents(handle)).toEqual(["TimerCreated", "TimerFired"]);
        expect(await handle.history()).toHaveLength(6);
      },
      { ...VIRTUAL, lockMs: DAY_MS },
    ),

    contractCase(
      "D5: an activity that lost a race goes on, until its instance is terminated",
      async (scene) => {
        let heard = "nothing";
        const gate = new Gate();
        const endless = defineActivity("endless", async (ctx) => {
          heard = "its start";
          await gate.pass(ctx.signal).catch(() => (heard = "its end"));
        });
        const impatient = defineOrchestration("impatient", function* (ctx) {
          const activity = ctx.callActivity(endless);
          yield* ctx.any([activity, ctx.createTimer(700)]);
          ctx.setCustomStatus(activity.isCompleted ? "won" : "lost");
          yield* ctx.waitForExternalEvent("never");
        });
        const app = await runApp(scene, { orchestrations: [impatient], activities: [endless] });
        const handle = await app.start(impatient, undefined);
        await app.reaches(handle, "lost");
        expect(heard).toBe("its start");

        await handle.terminate();

        await app.end(handle);
        await scene.until("the end of the activity", () => heard === "its end");
      },
    ),

    contractCase("D6: events that come while a timer runs are dealt with, in their order", async (scene) => {
      const attentive = defineOrchestration("attentive", function* (ctx) {
        const timer = ctx.createTimer("30d");
        const seen: number[] = [];
        for (;;) {
          const event = ctx.waitForExternalEvent<number>("news");
          if ((yield* ctx.any([timer, event])) === timer) return seen;
          seen.push(yield* event);
          ctx.setCustomStatus(seen.length);
        }
      });
      const app = await runApp(scene, { orchestrations: [attentive] });
      const handle = await asleep(app, await app.start(attentive, undefined));
      for (const n of upTo(5)) await handle.raiseEvent("news", n);
      await app.reaches(handle, 5);
      const [timer, ...others] = await app.client.timers.of(handle.instanceId);
      expect(others).toEqual([]);

      if (timer) await app.client.timers.fire(timer);

      expect(await app.result(handle)).toEqual([0, 1, 2, 3, 4]);
    }),

    contractCase(
      "D7: ten days of one day each are 10 pairs of events, in one generation or, with periodic, 1 in each",
      async (scene) => {
        const loop = defineOrchestration("loop", function* (ctx) {
          for (let n = 0; n < 10; n++) yield* ctx.createTimer("1d");
          return ctx.historyLength;
        });
        const lengths: number[] = [];
        const daily = defineOrchestration(
          "daily",
          periodic<number, number>({ every: "1d" }, function* (ctx, days) {
            if (!ctx.isReplaying) lengths.push(ctx.historyLength);
            yield* ctx.createTimer(1);
            return lengths.length > days ? stopPeriodic(lengths.length) : undefined;
          }),
        );
        const app = await runApp(scene, { orchestrations: [loop, daily] });
        const handles = [await app.start(loop, undefined), await app.start(daily, 10)] as const;
        await scene.pass(11 * DAY_MS);

        // OrchestratorStarted, TimerCreated and TimerFired for each day, after the two of the start.
        expect(await app.result(handles[0])).toBe(2 + 3 * 10);
        expect(await app.result(handles[1])).toBe(11);
        expect(Math.max(...lengths)).toBeLessThanOrEqual(5);
      },
      { ...VIRTUAL, lockMs: DAY_MS },
    ),

    contractCase(
      "D10: one moment is the same in every form, for timers and for delayed starts",
      async (scene) => {
        const forms = defineOrchestration("forms", function* (ctx) {
          return Object.values(FORMS).map((form) => ctx.createTimer(form).fireAt.getTime());
        });
        const app = await runApp(scene, { orchestrations: [forms, identity] });

        expect(await app.call(forms, undefined)).toEqual(Object.values(FORMS).map(() => MOMENT));

        const { instanceId } = await app.start(identity, 1, { startAt: new Date(MOMENT) });
        for (const form of Object.values(FORMS)) {
          const [start] = await app.client.timers.of(instanceId);
          if (start) await app.client.timers.move(start, form);
        }
        await scene.pass(500);
        expect(await app.client.timers.of(instanceId)).toMatchObject([
          { kind: "start", fireAt: new Date(MOMENT) },
        ]);
      },
    ),
  ],
};
