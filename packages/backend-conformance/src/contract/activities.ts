import { begin, completed, resultOf, runActivities, scheduled, turnOf } from "../builders";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";

export const activities: Topic = {
  title: "activities (B5, B7, B9)",
  cases: [
    contractCase("an activity carries all that its decision says", async (scene) => {
      const now = scene.clock.now();
      const { session, state } = await begin(scene, {
        events: [
          {
            type: "TaskScheduled",
            timestamp: now,
            eventId: 3,
            name: "näme",
            input: '{"x":"漢"}',
            attempt: 2,
            firstAttemptId: 1,
            timeoutMs: 5000,
          },
        ],
      });

      const item = await scene.lockActivity();

      const { instanceId, executionId } = state;
      expect(item.message).toEqual({
        id: `${executionId}/3`,
        instanceId,
        executionId,
        orchestrationName: state.name,
        taskScheduledId: 3,
        name: "näme",
        input: '{"x":"漢"}',
        attempt: 2,
        firstAttemptId: 1,
        scheduledAt: now,
        timeoutMs: 5000,
      });
      expect(item.deliveryCount).toBe(1);
      await item.complete(resultOf(scene, state, 3));
      await scene.take(session);
      await session.release();
    }),

    contractCase("a result reaches the instance, and the activity is not delivered again", async (scene) => {
      const { session, state } = await begin(scene, { events: [scheduled(scene, 0)] });
      await session.release();
      const item = await scene.lockActivity();
      const result = resultOf(scene, state, 0, '{"ok":true}');

      await item.complete(result);

      const next = await scene.lock();
      expect(await scene.take(next)).toEqual([result]);
      await next.release();
      expect(await scene.lockActivityWithin(scene.watchMs)).toBeUndefined();
    }),

    contractCase("a failure reaches the instance with all its details", async (scene) => {
      const { session, state } = await begin(scene, { events: [scheduled(scene, 0)] });
      const item = await scene.lockActivity();
      const failure = {
        errorType: "RangeError",
        errorMessage: "m\n\u0001",
        stackTrace: "s",
        innerFailure: { errorType: "E", errorMessage: "i", data: "null" },
        isNonRetriable: true,
      };
      const { id, instanceId, executionId } = resultOf(scene, state, 0);
      const event = {
        type: "TaskFailed" as const,
        timestamp: scene.clock.now(),
        taskScheduledId: 0,
        failure,
      };

      await item.complete({ id, instanceId, executionId: executionId ?? "", event });

      expect(await scene.take(session)).toMatchObject([{ event }]);
      await session.release();
    }),

    contractCase("an abandoned activity returns, not before retryAt, counted", async (scene) => {
      const { session, state } = await begin(scene, { events: [scheduled(scene, 0, '"in"')] });
      const first = await scene.lockActivity();
      const retryAt = scene.clock.now() + 1500;

      await first.abandon(retryAt, "busy");

      const second = await scene.lockActivity();
      expect(scene.clock.now()).toBeGreaterThanOrEqual(retryAt);
      expect(second.message).toEqual(first.message);
      expect(second.deliveryCount).toBe(2);
      await second.complete(resultOf(scene, state, 0));
      await scene.take(session);
      await session.release();
    }),

    contractCase("an activity keeps its lock for as long as it runs", async (scene) => {
      const other = await scene.hub.another();
      const { session, state } = await begin(scene, { events: [scheduled(scene, 0)] });
      const item = await scene.lockActivity();

      const stolen = await Promise.all([
        scene.lockActivityWithin(3 * scene.options.lockMs),
        scene.lockActivityWithin(3 * scene.options.lockMs, other),
      ]);

      expect(stolen).toEqual([undefined, undefined]);
      expect(item.lost.aborted).toBe(false);
      await item.complete(resultOf(scene, state, 0));
      await scene.take(session);
      await session.release();
    }),

    contractCase("several processes share the activities, each of which runs once", async (scene) => {
      const backends = [scene.backend, await scene.hub.another(), await scene.hub.another()];
      const count = 60;
      const { session } = await begin(scene, {
        events: Array.from({ length: count }, (_, index) => scheduled(scene, index)),
      });

      const ran = await runActivities(scene, backends, count);

      expect(ran.map(({ taskScheduledId }) => taskScheduledId).sort((a, b) => a - b)).toEqual(
        Array.from({ length: count }, (_, index) => index),
      );
      expect(await scene.take(session, count)).toHaveLength(count);
      await session.release();
    }),

    contractCase("a process that stops hands its activities over at once", async (scene) => {
      const { session, state } = await begin(scene, { events: [scheduled(scene, 0)] });
      await session.release();
      await scene.lockActivity();

      await scene.backend.stop();
      const stoppedAt = scene.clock.now();
      const item = await scene.lockActivity(await scene.hub.another());

      expect(scene.clock.now() - stoppedAt).toBeLessThan(scene.options.lockMs);
      await item.complete(resultOf(scene, state, 0));
    }),

    contractCase(
      "activities a session runs itself go to others when it gives the instance up",
      async (scene) => {
        const { session } = await begin(scene, {
          events: [scheduled(scene, 0), scheduled(scene, 1)],
          checkpoint: { localActivities: new Set([0, 1]) },
        });

        await session.abandon(scene.clock.now(), "the worker stopped");

        const next = await scene.lock();
        await next.load();
        const ran = await runActivities(scene, [scene.backend], 2);
        expect(new Set(ran.map(({ taskScheduledId }) => taskScheduledId))).toEqual(new Set([0, 1]));
        await next.release();
      },
    ),

    contractCase("a result for an instance that has completed harms nothing", async (scene) => {
      const { session, state } = await begin(scene, { events: [scheduled(scene, 0)] });
      const item = await scene.lockActivity();
      await session.checkpoint(turnOf(scene, { ...state, status: "Completed" }, [completed(scene)]));
      await session.release();

      await item.complete(resultOf(scene, state, 0));

      const next = await scene.lockWithin(scene.watchMs); // a backend may drop the stray itself
      await next?.load();
      await next?.release();
      expect(await scene.instances.get(state.instanceId)).toMatchObject({ status: "Completed" });
    }),

    contractCase(
      "an activity delivered too often goes to the dead letters",
      async (scene) => {
        const { session, state } = await begin(scene, { events: [scheduled(scene, 0)] });
        const letter = await scene.untilDone("the activity among the dead letters", async () => {
          const item = await scene.lockActivityWithin(500);
          await item?.abandon(scene.clock.now(), "it kills the process");
          return (await scene.deadLetters()).find(({ instanceId }) => instanceId === state.instanceId);
        });

        expect(JSON.parse(letter.body)).toMatchObject({ taskScheduledId: 0, name: "work" });
        expect(await scene.lockActivityWithin(scene.watchMs)).toBeUndefined();
        await session.release();
      },
      { maxDeliveryCount: 3 },
    ),
  ],
};
