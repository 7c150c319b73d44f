import { InstanceAlreadyExistsError, WorkItemLockLostError } from "@perdure/core";
import type { OrchestrationSession, StartMessage, TaskMessage } from "@perdure/core";
import { begin, commitFirst, finished, startOf } from "../builders";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import type { Scene } from "../scene";

export const creation: Topic = {
  title: "creation (B3, B10)",
  cases: [
    contractCase(
      "a created instance is Pending at once, with all its facts and no history",
      async (scene) => {
        const start = startOf(scene, scene.id(), {
          version: "2.1",
          input: '{"a":[1,null,""]}',
          tags: { team: "shop" },
          scheduledStartTime: scene.clock.now() + 5000,
        });

        await scene.instances.create(start, []);

        const { executionId, name, version, timestamp, input, tags, scheduledStartTime } = start.event;
        expect(await scene.instances.get(start.instanceId)).toEqual({
          instanceId: start.instanceId,
          ...{ executionId, name, version, input, tags, scheduledStartTime },
          nextTimerAt: scheduledStartTime,
          status: "Pending",
          createdAt: timestamp,
          lastUpdatedAt: timestamp,
        });
        expect(await scene.instances.getHistory(start.instanceId)).toEqual([]);
      },
    ),

    contractCase("the start of a created instance can be locked", async (scene) => {
      const start = startOf(scene, scene.id(), { input: "1" });
      await scene.instances.create(start, []);

      const session = await scene.lock();

      expect(session.instanceId).toBe(start.instanceId);
      expect(session.deliveryCount).toBe(1);
      expect(await session.load()).toEqual({ history: [] });
      expect(await scene.take(session)).toEqual([start]);
      await session.release();
    }),

    contractCase(
      "a second create of an id is refused, says the status and changes nothing",
      async (scene) => {
        const first = startOf(scene, scene.id(), { input: '"first"' });
        const second = startOf(scene, first.instanceId, { input: '"second"', generation: 1 });
        await scene.instances.create(first, []);

        const refused = scene.instances.create(second, ["Completed", "Failed", "Terminated"]);

        await expect(refused).rejects.toMatchObject({ code: "InstanceAlreadyExists", status: "Pending" });
        expect(await scene.instances.get(first.instanceId)).toMatchObject({ input: '"first"' });
        const session = await scene.lock();
        expect(await scene.take(session)).toEqual([first]);
        await session.release();
        expect(await scene.lockWithin(scene.watchMs)).toBeUndefined();
      },
    ),

    contractCase("a create is refused while the instance runs", async (scene) => {
      const { session, start } = await begin(scene);

      const refused = scene.instances.create(startOf(scene, start.instanceId, { generation: 1 }), [
        "Completed",
      ]);

      await expect(refused).rejects.toMatchObject({ code: "InstanceAlreadyExists", status: "Running" });
      await session.release();
    }),

    contractCase(
      "of 100 concurrent creates of one id exactly one wins and every loser is told",
      async (scene) => {
        const starts = generations(scene, 100);

        const won = await winners(starts, (start) => scene.instances.create(start, []));

        expect(won).toHaveLength(1);
        expect(await startsDelivered(scene)).toEqual(won);
      },
    ),

    contractCase("of concurrent creates through two processes exactly one wins", async (scene) => {
      const other = await scene.hub.another();
      const stores = [scene.instances, other.instances];
      const starts = generations(scene, 40);

      const won = await winners(starts, (start, index) =>
        (stores[index % 2] ?? scene.instances).create(start, []),
      );

      expect(won).toHaveLength(1);
      expect(await startsDelivered(scene)).toEqual(won);
    }),

    contractCase("of concurrent creates that reuse an id exactly one wins", async (scene) => {
      const { instanceId } = await finished(scene);
      const starts = generations(scene, 20, instanceId);

      const won = await winners(starts, (start) => scene.instances.create(start, ["Completed"]));

      expect(won).toHaveLength(1);
      expect(await startsDelivered(scene)).toEqual(won);
    }),

    contractCase("an id is reused when its status is listed, and nothing of before shows", async (scene) => {
      const before = await finished(scene, startOf(scene, scene.id(), { input: '"old"' }), '"old output"');
      const start = startOf(scene, before.instanceId, { generation: 1, input: '"new"' });

      await scene.instances.create(start, ["Completed"]);

      const pending = await scene.instances.get(start.instanceId);
      expect(pending).toMatchObject({
        status: "Pending",
        input: '"new"',
        executionId: start.event.executionId,
      });
      expect(pending).not.toHaveProperty("output");
      expect(await scene.instances.getHistory(start.instanceId)).toEqual([]);
      const session = await commitStart(scene, start);
      expect(await scene.instances.get(start.instanceId)).toMatchObject({
        status: "Running",
        input: '"new"',
      });
      const history = await scene.instances.getHistory(start.instanceId);
      expect(history.map(({ type }) => type)).toEqual(["OrchestratorStarted", "ExecutionStarted"]);
      await session.release();
    }),

    contractCase("an id whose status is not listed is not reused", async (scene) => {
      const { instanceId } = await finished(scene, undefined, '"kept"');

      const refused = scene.instances.create(startOf(scene, instanceId, { generation: 1 }), [
        "Failed",
        "Terminated",
      ]);

      await expect(refused).rejects.toMatchObject({ code: "InstanceAlreadyExists", status: "Completed" });
      expect(await scene.instances.get(instanceId)).toMatchObject({ status: "Completed", output: '"kept"' });
    }),

    contractCase("an instance survives the process that created it", async (scene) => {
      const other = await scene.hub.another();
      const start = startOf(scene, scene.id());
      await other.instances.create(start, []);

      await scene.hub.crash(other);

      const session = await scene.lock();
      expect(await scene.take(session)).toEqual([start]);
      await session.release();
    }),
  ],
};

function generations(scene: Scene, count: number, instanceId = scene.id()): readonly StartMessage[] {
  return Array.from({ length: count }, (_, index) => startOf(scene, instanceId, { generation: index + 1 }));
}

/** Commits the first turn of `start`; in another session when a former execution of the id was in the way. */
function commitStart(scene: Scene, start: StartMessage): Promise<OrchestrationSession> {
  return scene.untilDone("the first commit", async () => {
    const session = await scene.lock();
    await session.load();
    expect(await scene.takeMessage(session, start.id)).toEqual(start);
    try {
      await commitFirst(scene, session, start);
      return session;
    } catch (error) {
      if (WorkItemLockLostError.is(error)) return undefined;
      throw error;
    }
  });
}

/** The starts whose create succeeded; the others must have been refused. */
async function winners(
  starts: readonly StartMessage[],
  create: (start: StartMessage, index: number) => Promise<void>,
): Promise<readonly StartMessage[]> {
  const outcomes = await Promise.allSettled(starts.map(create));
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(InstanceAlreadyExistsError.is(outcome.reason)).toBe(true);
  }
  return starts.filter((_, index) => outcomes[index]?.status === "fulfilled");
}

/** Every message of the one instance that has any. */
async function startsDelivered(scene: Scene): Promise<readonly TaskMessage[]> {
  const session = await scene.lock();
  await session.load();
  const messages = await scene.take(session);
  await scene.pass(500);
  const all = [...messages, ...session.takeMessages()];
  await session.release();
  return all;
}
