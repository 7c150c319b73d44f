import { begin, eventTo, startOf, timer, turnOf } from "../builders";
import { caseForEach, contractCase } from "../contract-case";
import type { Topic } from "../contract-case";

const DAY_MS = 86_400_000;

/** Around the limits of queues (6 and 7 days), of `setTimeout` (2^31 ms), and far beyond. */
const LONG_DELAYS = {
  "3 days": 3 * DAY_MS,
  "6 days": 6 * DAY_MS,
  "6 days and a millisecond": 6 * DAY_MS + 1,
  "7 days": 7 * DAY_MS,
  "2^31 milliseconds": 2 ** 31,
  "400 days": 400 * DAY_MS,
  "10 years": 3653 * DAY_MS,
};

export const timers: Topic = {
  title: "timers (B7)",
  cases: [
    contractCase("a delayed message does not come before its time, and then does", async (scene) => {
      const { session: first, state } = await begin(scene);
      await first.release();
      const dueAt = scene.clock.now() + 1500;
      const message = eventTo(scene, state.instanceId, "later", undefined, dueAt);
      await scene.instances.send(message);

      const session = await scene.lock();

      expect(scene.clock.now()).toBeGreaterThanOrEqual(dueAt);
      await session.load();
      expect(await scene.take(session)).toEqual([message]);
      await session.release();
    }),

    contractCase("a session that is held gets a delayed message when it is due", async (scene) => {
      const { session, state } = await begin(scene);
      const dueAt = scene.clock.now() + 1200;
      await scene.instances.send(eventTo(scene, state.instanceId, "later", undefined, dueAt));

      expect(session.takeMessages()).toEqual([]);
      await scene.take(session);

      expect(scene.clock.now()).toBeGreaterThanOrEqual(dueAt);
      await session.release();
    }),

    contractCase("a message whose time is past comes at once", async (scene) => {
      const { session, state } = await begin(scene);

      await scene.instances.send(
        eventTo(scene, state.instanceId, "late", undefined, scene.clock.now() - DAY_MS),
      );

      expect(await scene.take(session)).toHaveLength(1);
      await session.release();
    }),

    contractCase("an earlier message overtakes a later one that was sent before", async (scene) => {
      const { session, state } = await begin(scene);
      const now = scene.clock.now();
      const later = eventTo(scene, state.instanceId, "later", undefined, now + 2500);
      const sooner = eventTo(scene, state.instanceId, "sooner", undefined, now + 1000);
      await scene.instances.send(later);
      await scene.instances.send(sooner);

      expect(await scene.take(session, 2)).toEqual([sooner, later]);
      await session.release();
    }),

    contractCase("of messages that are all due, the one due first comes first", async (scene) => {
      const { session: first, state } = await begin(scene);
      await first.release();
      const now = scene.clock.now();
      const later = eventTo(scene, state.instanceId, "later", undefined, now + 1500);
      const sooner = eventTo(scene, state.instanceId, "sooner", undefined, now + 500);
      await scene.instances.send(later);
      await scene.instances.send(sooner);
      await scene.backend.stop();
      await scene.pass(3000);

      const session = await scene.lock(await scene.hub.another());

      await session.load();
      expect(await scene.take(session, 2)).toEqual([sooner, later]);
      await session.release();
    }),

    contractCase(
      "the timer of a checkpoint comes as the message of its decision, at its time",
      async (scene) => {
        const created = timer(scene, 0, 1100);
        const { session: first, state } = await begin(scene, { events: [created] });
        await first.release();

        const session = await scene.lock();

        expect(scene.clock.now()).toBeGreaterThanOrEqual(created.fireAt);
        await session.load();
        expect(await scene.take(session)).toMatchObject([
          {
            instanceId: state.instanceId,
            executionId: state.executionId,
            event: { type: "TimerFired", timerId: 0, fireAt: created.fireAt },
          },
        ]);
        await session.release();
      },
    ),

    contractCase("a cancelled timer never comes", async (scene) => {
      const { session, state } = await begin(scene, {
        events: [timer(scene, 0, 1000), timer(scene, 1, 1000)],
      });

      await session.checkpoint(turnOf(scene, state, [], { cancelledTimers: [`${state.executionId}/0`] }));
      await session.release();

      const next = await scene.lock();
      await next.load();
      expect(await scene.take(next)).toMatchObject([{ event: { timerId: 1 } }]);
      await next.release();
      expect(await scene.lockWithin(scene.watchMs)).toBeUndefined();
    }),

    contractCase("a timer cancelled in the checkpoint that creates it never comes", async (scene) => {
      const start = startOf(scene, scene.id());
      const { session } = await begin(scene, {
        start,
        events: [timer(scene, 0, 500)],
        checkpoint: { cancelledTimers: [`${start.event.executionId}/0`] },
      });
      await session.release();

      expect(await scene.lockWithin(Math.max(scene.watchMs, 3000))).toBeUndefined();
    }),

    contractCase("a hundred timers of one checkpoint all come, none early", async (scene) => {
      const events = Array.from({ length: 100 }, (_, index) => timer(scene, index, 500 + index * 5));
      const { session } = await begin(scene, { events });

      const fired = await scene.take(session, 100);

      const ids = fired.map(({ event }) => (event.type === "TimerFired" ? event.timerId : -1));
      expect(new Set(ids).size).toBe(100);
      expect(scene.clock.now()).toBeGreaterThanOrEqual(events.at(-1)?.fireAt ?? 0);
      await session.release();
    }),

    contractCase("timers survive the process that set them", async (scene) => {
      const created = timer(scene, 0, 1500);
      const { session, start } = await begin(scene, { events: [created] });
      await session.release();
      await scene.hub.crash(scene.backend);

      const next = await scene.lock(await scene.hub.another());

      expect(scene.clock.now()).toBeGreaterThanOrEqual(created.fireAt);
      await next.load();
      const fired = await scene.takeMessage(next, `${start.event.executionId}/0`);
      expect(fired).toMatchObject({ event: { type: "TimerFired", timerId: 0 } });
      await next.release();
    }),

    ...caseForEach(
      LONG_DELAYS,
      (delay) => `a message delayed by ${delay} comes then, and only then`,
      async (scene, delayMs) => {
        const { session: first, state } = await begin(scene);
        await first.release();
        const dueAt = scene.clock.now() + delayMs;
        await scene.instances.send(eventTo(scene, state.instanceId, "much later", undefined, dueAt));

        const session = await scene.lockWithin(delayMs + DAY_MS);

        expect(session?.instanceId).toBe(state.instanceId);
        expect(scene.clock.now()).toBeGreaterThanOrEqual(dueAt);
        expect(scene.clock.now()).toBeLessThan(dueAt + 60_000);
        await session?.release();
      },
      { needsVirtualTime: true, lockMs: DAY_MS },
    ),
  ],
};
