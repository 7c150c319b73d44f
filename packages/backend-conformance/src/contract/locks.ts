import type { OrchestrationSession } from "@perdure/core";
import { begin, eventTo, startOf, turnOf } from "../builders";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import type { Scene } from "../scene";

export const locks: Topic = {
  title: "locks (B5, B9)",
  cases: [
    contractCase("a session keeps its lock for as long as it lasts", async (scene) => {
      const other = await scene.hub.another();
      const { session, state } = await begin(scene);

      const stolen = await Promise.all([
        scene.lockWithin(3 * scene.options.lockMs),
        scene.lockWithin(3 * scene.options.lockMs, other),
      ]);

      expect(stolen).toEqual([undefined, undefined]);
      expect(session.lost.aborted).toBe(false);
      await session.checkpoint(turnOf(scene, { ...state, customStatus: '"held"' }, []));
      expect(await scene.instances.get(state.instanceId)).toMatchObject({ customStatus: '"held"' });
      await session.release();
    }),

    contractCase("release acknowledges messages that had no effect", async (scene) => {
      const { session: first, state } = await begin(scene);
      await first.release();
      await scene.instances.send(eventTo(scene, state.instanceId, "stray"));
      const second = await scene.lock();
      await second.load();
      await scene.take(second);

      await second.release();

      expect(await scene.lockWithin(scene.watchMs)).toBeUndefined();
    }),

    contractCase("a start without effect, released, leaves the instance as it was before", async (scene) => {
      const start = startOf(scene, scene.id());
      await scene.instances.create(start, []);
      const session = await scene.lock();
      await session.load();
      await scene.take(session);

      await session.abandon(scene.clock.now(), "not now");

      expect(await scene.instances.get(start.instanceId)).toMatchObject({ status: "Pending" });
    }),

    contractCase("abandoned messages return unchanged, not before retryAt, counted", async (scene) => {
      const { session: first, state } = await begin(scene);
      await first.release();
      const messages = [eventTo(scene, state.instanceId, "a"), eventTo(scene, state.instanceId, "b", "1")];
      for (const message of messages) await scene.instances.send(message);
      const second = await scene.lock();
      await second.load();
      expect(await scene.take(second, 2)).toEqual(messages);
      expect(second.deliveryCount).toBe(1);
      const retryAt = scene.clock.now() + 1500;

      await second.abandon(retryAt, "try again");

      const third = await scene.lock();
      expect(scene.clock.now()).toBeGreaterThanOrEqual(retryAt);
      await third.load();
      expect(await scene.take(third, 2)).toEqual(messages);
      expect(third.deliveryCount).toBe(2);
      await third.release();
    }),

    contractCase("an abandoned checkpointless session leaves nothing behind", async (scene) => {
      const { session: first, state } = await begin(scene);
      await first.release();
      const before = await scene.instances.getHistory(state.instanceId);
      await scene.instances.send(eventTo(scene, state.instanceId, "a"));
      const second = await scene.lock();
      await second.load();
      await scene.take(second);

      await second.abandon(scene.clock.now(), "failed");

      expect(await scene.instances.getHistory(state.instanceId)).toEqual(before);
      const third = await scene.lock();
      await third.load();
      await scene.take(third);
      await third.release();
    }),

    contractCase("a start that is abandoned still comes before the events sent meanwhile", async (scene) => {
      const start = startOf(scene, scene.id());
      await scene.instances.create(start, []);
      const first = await scene.lock();
      await first.load();
      await scene.take(first);
      await first.abandon(scene.clock.now() + 1000, "not yet");
      const event = eventTo(scene, start.instanceId, "meanwhile");

      await scene.instances.send(event);

      const second = await scene.lock();
      await second.load();
      const messages = await scene.take(second, 2);
      expect(messages).toEqual(expect.arrayContaining([start, event]));
      await second.release();
    }),

    contractCase(
      "a message delivered too often goes to the dead letters",
      async (scene) => {
        const { session, state } = await begin(scene);
        await session.release();
        const poison = eventTo(scene, state.instanceId, "poison");
        await scene.instances.send(poison);

        const counts: number[] = [];
        const letter = await scene.untilDone("the poison among the dead letters", async () => {
          const next = await scene.lockWithin(500);
          if (next) {
            await next.load();
            await scene.take(next);
            counts.push(next.deliveryCount);
            await next.abandon(scene.clock.now(), "it hurts");
          }
          return (await scene.deadLetters()).find(({ body }) => body.includes(poison.id));
        });

        expect(counts).toEqual([1, 2, 3]);
        expect(letter).toMatchObject({
          instanceId: state.instanceId,
          reason: expect.stringContaining("hurts") as string,
        });
        expect(JSON.parse(letter.body)).toEqual(poison);
        expect(await scene.lockWithin(scene.watchMs)).toBeUndefined();
      },
      { maxDeliveryCount: 3 },
    ),

    contractCase("a session that has ended can be ended again, to no effect", async (scene) => {
      const { session: first, state } = await begin(scene);
      await first.release();
      const message = eventTo(scene, state.instanceId, "later");
      await scene.instances.send(message);

      await first.release();
      await first.abandon(scene.clock.now() + 3_600_000, "again");
      await first.deadLetter("again");

      const second = await scene.lock();
      await second.load();
      expect(await scene.take(second)).toEqual([message]);
      await second.release();
      expect(await scene.deadLetters()).toEqual([]);
    }),

    contractCase("a session that has ended commits nothing", async (scene) => {
      const { session, state } = await begin(scene);
      await session.release();

      const late = session.checkpoint(turnOf(scene, { ...state, customStatus: '"late"' }, []));

      await expect(late).rejects.toMatchObject({ code: "WorkItemLockLost" });
      expect(await scene.instances.get(state.instanceId)).not.toHaveProperty("customStatus");
    }),

    contractCase("a stale session commits nothing and is told", async (scene) => {
      const { stale, heir, state } = await overtaken(scene);

      const late = stale.checkpoint(turnOf(scene, { ...state, customStatus: '"stale"' }, []));

      await expect(late).rejects.toMatchObject({ code: "WorkItemLockLost" });
      expect(await heir.instances.get(state.instanceId)).toMatchObject({ customStatus: '"heir"' });
      expect(await heir.instances.getHistory(state.instanceId)).toHaveLength(3);
    }),

    contractCase("a stale session takes nothing from its heir by ending", async (scene) => {
      const { stale, heir, current, state } = await overtaken(scene);
      const message = eventTo(scene, state.instanceId, "for the heir");
      await heir.instances.send(message);

      await stale.release();
      await stale.abandon(scene.clock.now() + 3_600_000, "stale");
      await stale.deadLetter("stale");

      expect(await scene.takeMessage(current, message.id)).toEqual(message);
      await current.checkpoint(turnOf(scene, { ...state, customStatus: '"still mine"' }, []));
      expect(await heir.instances.get(state.instanceId)).toMatchObject({ customStatus: '"still mine"' });
      expect(await scene.deadLetters(heir)).toEqual([]);
      await current.release();
    }),

    contractCase("a process that stops hands its sessions over at once", async (scene) => {
      const { session: first, state } = await begin(scene);
      await first.release();
      const message = eventTo(scene, state.instanceId, "handed over");
      await scene.instances.send(message);
      const held = await scene.lock();
      await held.load();
      await scene.take(held);

      await scene.backend.stop();
      const stoppedAt = scene.clock.now();
      const heir = await scene.hub.another();
      const next = await scene.lock(heir);

      expect(scene.clock.now() - stoppedAt).toBeLessThan(scene.options.lockMs);
      expect((await next.load()).state).toEqual(state);
      expect(await scene.takeMessage(next, message.id)).toEqual(message);
      await next.release();
    }),
  ],
};

/** A session whose process hung until another process took the instance over and committed. */
async function overtaken(scene: Scene): Promise<{
  readonly stale: OrchestrationSession;
  readonly current: OrchestrationSession;
  readonly heir: Scene["backend"];
  readonly state: Awaited<ReturnType<typeof begin>>["state"];
}> {
  const { session: stale, state } = await begin(scene);
  await scene.pause(scene.backend);
  const heir = await scene.hub.another();
  await heir.instances.send(eventTo(scene, state.instanceId, "wake up"));
  const current = await scene.lock(heir);
  expect(current.instanceId).toBe(state.instanceId);
  const { state: loaded } = await current.load();
  expect(loaded).toEqual(state);
  await scene.take(current);
  await current.checkpoint(turnOf(scene, { ...state, customStatus: '"heir"' }, []));
  return { stale, current, heir, state };
}
