import type { DeadLetter } from "@perdure/core";
import { begin, eventTo, resultOf, scheduled, startOf, turnOf } from "../builders";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import type { Scene } from "../scene";

export const deadLetters: Topic = {
  title: "dead letters (B9)",
  cases: [
    contractCase("a hub begins without dead letters", async (scene) => {
      expect(await scene.deadLetters()).toEqual([]);
      expect(await scene.backend.deadLetters.redrive("unknown")).toBe(false);
      expect(await scene.backend.deadLetters.discard("unknown")).toBe(false);
    }),

    contractCase("a dead letter says what, for whom, why, when and how often", async (scene) => {
      const before = scene.clock.now();
      const { letter, message } = await buried(scene, "the reason");

      expect(letter).toMatchObject({
        instanceId: message.instanceId,
        reason: "the reason",
        deliveryCount: 1,
      });
      expect(letter.deadLetteredAt).toBeGreaterThanOrEqual(before);
      expect(letter.deadLetteredAt).toBeLessThanOrEqual(scene.clock.now());
      expect(JSON.parse(letter.body)).toEqual(message);
    }),

    contractCase("a dead letter does not come back by itself", async (scene) => {
      await buried(scene);

      expect(await scene.lockWithin(scene.watchMs)).toBeUndefined();
    }),

    contractCase("messages after the one that died are delivered", async (scene) => {
      const { message } = await buried(scene);
      const next = eventTo(scene, message.instanceId, "next");
      await scene.instances.send(next);

      const session = await scene.lock();

      await session.load();
      expect(await scene.take(session)).toEqual([next]);
      await session.release();
    }),

    contractCase("a redriven message is delivered afresh and is no dead letter any more", async (scene) => {
      const { letter, message } = await buried(scene);

      expect(await scene.backend.deadLetters.redrive(letter.id)).toBe(true);

      const session = await scene.lock();
      await session.load();
      expect(await scene.take(session)).toEqual([message]);
      expect(session.deliveryCount).toBe(1);
      await session.release();
      expect(await scene.deadLetters()).toEqual([]);
      expect(await scene.backend.deadLetters.redrive(letter.id)).toBe(false);
    }),

    contractCase("a discarded dead letter is gone", async (scene) => {
      const { letter } = await buried(scene);

      expect(await scene.backend.deadLetters.discard(letter.id)).toBe(true);

      expect(await scene.deadLetters()).toEqual([]);
      expect(await scene.backend.deadLetters.discard(letter.id)).toBe(false);
      expect(await scene.backend.deadLetters.redrive(letter.id)).toBe(false);
      expect(await scene.lockWithin(500)).toBeUndefined();
    }),

    contractCase("a start that died keeps the instance Pending until it is redriven", async (scene) => {
      const start = startOf(scene, scene.id(), { input: '"in"' });
      await scene.instances.create(start, []);
      const first = await scene.lock();
      await first.load();
      await scene.take(first);
      await first.deadLetter("no code");
      expect(await scene.instances.get(start.instanceId)).toMatchObject({ status: "Pending", input: '"in"' });
      const [letter] = await scene.deadLetters();

      await scene.backend.deadLetters.redrive(letter?.id ?? "");

      const second = await scene.lock();
      await second.load();
      expect(await scene.take(second)).toEqual([start]);
      await second.release();
    }),

    contractCase(
      "every message of a session that is dead-lettered is kept, and found by any process",
      async (scene) => {
        const { session, state } = await begin(scene);
        const messages = Array.from({ length: 5 }, (_, index) =>
          eventTo(scene, state.instanceId, "n", String(index)),
        );
        for (const message of messages) await scene.instances.send(message);
        await scene.take(session, 5);

        await session.deadLetter("all of them");

        const other = await scene.hub.another();
        const letters = await scene.deadLetters(other);
        expect(new Set(letters.map(({ id }) => id)).size).toBe(5);
        expect(letters.map(({ body }) => JSON.parse(body) as unknown)).toEqual(
          expect.arrayContaining(messages),
        );
        expect(await other.deadLetters.redrive(letters[0]?.id ?? "")).toBe(true);
      },
    ),

    contractCase("what a checkpoint consumed before does not die with the rest", async (scene) => {
      const { session, state } = await begin(scene);
      await scene.instances.send(eventTo(scene, state.instanceId, "consumed"));
      await scene.take(session);
      await session.checkpoint(turnOf(scene, state, []));
      const poison = eventTo(scene, state.instanceId, "poison");
      await scene.instances.send(poison);
      await scene.take(session);

      await session.deadLetter("only this");

      expect((await scene.deadLetters()).map(({ body }) => JSON.parse(body) as unknown)).toEqual([poison]);
    }),

    contractCase("a large message is redriven whole", async (scene) => {
      const { session, state } = await begin(scene);
      const message = eventTo(scene, state.instanceId, "large", `"${"漢".repeat(100_000)}"`);
      await scene.instances.send(message);
      await scene.take(session);
      await session.deadLetter("large");
      const [letter] = await scene.deadLetters();

      await scene.backend.deadLetters.redrive(letter?.id ?? "");

      const next = await scene.lock();
      await next.load();
      expect(await scene.take(next)).toEqual([message]);
      await next.release();
    }),

    contractCase(
      "a redriven activity runs",
      async (scene) => {
        const { session, state } = await begin(scene, { events: [scheduled(scene, 0, '"in"')] });
        const letter = await scene.untilDone("the activity among the dead letters", async () => {
          const item = await scene.lockActivityWithin(500);
          await item?.abandon(scene.clock.now(), "it failed");
          return (await scene.deadLetters())[0];
        });

        expect(await scene.backend.deadLetters.redrive(letter.id)).toBe(true);

        const item = await scene.lockActivity();
        expect(item.message).toMatchObject({
          instanceId: state.instanceId,
          taskScheduledId: 0,
          input: '"in"',
        });
        expect(item.deliveryCount).toBe(1);
        await item.complete(resultOf(scene, state, 0));
        await scene.take(session);
        await session.release();
      },
      { maxDeliveryCount: 2 },
    ),
  ],
};

/** One message in the dead letters, of an instance that exists. */
async function buried(
  scene: Scene,
  reason = "poison",
): Promise<{ readonly letter: DeadLetter; readonly message: ReturnType<typeof eventTo> }> {
  const { session, state } = await begin(scene);
  const message = eventTo(scene, state.instanceId, "poison", '{"x":1}');
  await scene.instances.send(message);
  await scene.take(session);
  await session.deadLetter(reason);
  const [letter] = await scene.deadLetters();
  if (!letter) throw new Error("The message is not among the dead letters.");
  return { letter, message };
}
