import type { TaskMessage } from "@perdure/core";
import { begin, eventTo, startOf } from "../builders";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";

export const delivery: Topic = {
  title: "delivery (B3, B4, B6, B8)",
  cases: [
    contractCase("messages come in the order they were sent, with the whole history", async (scene) => {
      const { session: first, state } = await begin(scene);
      await first.release();
      const sentMessages = [];
      for (let index = 0; index < 20; index++) {
        const message = eventTo(scene, state.instanceId, "n", String(index));
        await scene.instances.send(message);
        sentMessages.push(message);
      }

      const session = await scene.lock();

      const loaded = await session.load();
      expect(loaded.state).toEqual(state);
      expect(loaded.history).toEqual(await scene.instances.getHistory(state.instanceId));
      expect(await scene.take(session, 20)).toEqual(sentMessages);
      await session.release();
    }),

    contractCase("messages for an instance that is held reach the session that holds it", async (scene) => {
      const { session, state } = await begin(scene);
      const message = eventTo(scene, state.instanceId, "meanwhile");

      const taking = scene.take(session);
      await scene.instances.send(message);

      expect(await taking).toEqual([message]);
      expect(session.takeMessages()).toEqual([]);
      await session.release();
    }),

    contractCase("waiting for messages ends when its signal aborts", async (scene) => {
      const { session } = await begin(scene);

      await scene.within(100, (signal) => session.waitForMessages(signal));

      expect(session.takeMessages()).toEqual([]);
      await session.release();
    }),

    contractCase("waiting for messages ends with the session", async (scene) => {
      const { session } = await begin(scene);
      const waiting = session.waitForMessages();

      await session.release();

      await waiting;
      await session.waitForMessages();
      expect(session.isLost).toBe(false);
    }),

    contractCase("one instance is never in two sessions", async (scene) => {
      const other = await scene.hub.another();
      const { session, state } = await begin(scene);
      await scene.instances.send(eventTo(scene, state.instanceId, "meanwhile"));

      const second = await Promise.all([
        scene.lockWithin(scene.watchMs),
        scene.lockWithin(scene.watchMs, other),
      ]);

      expect(second).toEqual([undefined, undefined]);
      await scene.take(session);
      await session.release();
    }),

    contractCase("different instances are in sessions at once", async (scene) => {
      const ids = [scene.id(), scene.id(), scene.id()];
      for (const id of ids) await scene.instances.create(startOf(scene, id), []);

      const sessions = [await scene.lock(), await scene.lock(), await scene.lock()];

      expect(sessions.map(({ instanceId }) => instanceId).sort()).toEqual(ids);
      await Promise.all(sessions.map((session) => session.release()));
    }),

    contractCase("no instance waits for ever behind a busy one", async (scene) => {
      const { session: first, state } = await begin(scene);
      await first.release();
      const other = startOf(scene, scene.id());
      await scene.instances.send(eventTo(scene, state.instanceId, "busy"));
      await scene.instances.create(other, []);

      const locked: string[] = [];
      for (let turn = 0; turn < 4 && !locked.includes(other.instanceId); turn++) {
        const session = await scene.lock();
        locked.push(session.instanceId);
        await scene.take(session);
        await scene.instances.send(eventTo(scene, state.instanceId, "busy"));
        await session.release();
      }

      expect(locked).toContain(other.instanceId);
    }),

    contractCase("a message wakes a process that waits for work", async (scene) => {
      const other = await scene.hub.another();
      const locking = scene.lockAny([scene.backend, other]);
      const start = startOf(scene, scene.id());

      await scene.instances.create(start, []);

      const session = await locking;
      expect(await scene.take(session)).toEqual([start]);
      await session.release();
    }),

    contractCase("looking for work ends with nothing when its signal aborts", async (scene) => {
      expect(await scene.lockWithin(100)).toBeUndefined();
      expect(await scene.lockActivityWithin(100)).toBeUndefined();
    }),

    contractCase("what arrives for a released session makes another", async (scene) => {
      const { session: first, state } = await begin(scene);
      const message = eventTo(scene, state.instanceId, "late");
      await scene.instances.send(message);
      await first.release();

      const session = await scene.lock();

      expect(session.instanceId).toBe(state.instanceId);
      await session.load();
      expect(await scene.take(session)).toEqual([message]);
      await session.release();
    }),

    contractCase("a message that is sent twice has the same content each time", async (scene) => {
      const { session, state } = await begin(scene);
      const message = eventTo(scene, state.instanceId, "twice", '"same"');

      await scene.instances.send(message);
      await scene.instances.send(message);

      const messages = await scene.take(session);
      await scene.pass(200);
      for (const repeat of [...messages, ...session.takeMessages()]) expect(repeat).toEqual(message);
      await session.release();
    }),

    contractCase("a message sent before the start is not lost", async (scene) => {
      const start = startOf(scene, scene.id());
      const early = eventTo(scene, start.instanceId, "early", '"bird"');
      await scene.instances.send(early);
      await scene.instances.create(start, []);

      const seen: TaskMessage[] = [];
      await scene.untilDone("start and event in one session", async () => {
        const session = await scene.lock();
        const { history } = await session.load();
        expect(history).toEqual([]);
        seen.splice(0, seen.length, ...(await scene.take(session)));
        await scene.pass(50);
        seen.push(...session.takeMessages());
        if (seen.length < 2) await session.abandon(scene.clock.now(), "the start has not come");
        else await session.release();
        return seen.length >= 2;
      });

      expect(seen).toHaveLength(2);
      expect(seen).toEqual(expect.arrayContaining([start, early]));
    }),

    contractCase("a message for an instance nobody starts can be dead-lettered", async (scene) => {
      const stray = eventTo(scene, scene.id(), "stray", "1");
      await scene.instances.send(stray);

      await scene.untilDone("the stray among the dead letters", async () => {
        const session = await scene.lockWithin(100);
        if (session && (await session.load()).history.length === 0) {
          await scene.take(session);
          await session.deadLetter("no such instance");
        }
        const letters = await scene.deadLetters();
        return letters.find(
          (letter) => letter.instanceId === stray.instanceId && letter.body.includes(stray.id),
        );
      });

      expect(await scene.instances.get(stray.instanceId)).toBeUndefined();
    }),

    contractCase("messages survive the process that sent them", async (scene) => {
      const { session, state } = await begin(scene);
      const other = await scene.hub.another();
      const message = eventTo(scene, state.instanceId, "testament");
      await other.instances.send(message);

      await scene.hub.crash(other);

      expect(await scene.take(session)).toEqual([message]);
      await session.release();
    }),
  ],
};
