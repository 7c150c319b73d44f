import { begin, completed, eventTo, finished, scheduled, startOf, timer, turnOf } from "../builders";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";

export const instances: Topic = {
  title: "instances",
  cases: [
    contractCase("an unknown instance has no status and no history", async (scene) => {
      expect(await scene.instances.get("nobody")).toBeUndefined();
      expect(await scene.instances.getHistory("nobody")).toEqual([]);
    }),

    contractCase("status follows every checkpoint", async (scene) => {
      const { session, state } = await begin(scene);
      const statuses = ["Suspended", "Running", "Blocked", "Running", "Terminated"] as const;
      const seen = [];
      for (const status of statuses) {
        await session.checkpoint(turnOf(scene, { ...state, status }, []));
        seen.push((await scene.instances.get(state.instanceId))?.status);
      }
      await session.release();

      expect(seen).toEqual(statuses);
    }),

    contractCase("a purged instance is gone with its history", async (scene) => {
      const { instanceId } = await finished(scene);

      expect(await scene.instances.purge(instanceId)).toBe(true);

      expect(await scene.instances.get(instanceId)).toBeUndefined();
      expect(await scene.instances.getHistory(instanceId)).toEqual([]);
      expect((await scene.instances.query({ pageSize: 10 })).instances).toEqual([]);
      expect(await scene.instances.purge(instanceId)).toBe(false);
    }),

    contractCase("a pending instance cannot be purged", async (scene) => {
      const pending = startOf(scene, scene.id());
      await scene.instances.create(pending, []);

      await expect(scene.instances.purge(pending.instanceId)).rejects.toMatchObject({
        code: "InvalidInstanceState",
        status: "Pending",
      });

      expect(await scene.instances.get(pending.instanceId)).toMatchObject({ status: "Pending" });
    }),

    contractCase("a running instance cannot be purged", async (scene) => {
      const { session, state } = await begin(scene);

      await expect(scene.instances.purge(state.instanceId)).rejects.toMatchObject({
        code: "InvalidInstanceState",
        status: "Running",
      });

      expect(await scene.instances.getHistory(state.instanceId)).toHaveLength(2);
      await session.release();
    }),

    contractCase("to purge an unknown instance does nothing", async (scene) => {
      expect(await scene.instances.purge("nobody")).toBe(false);
    }),

    contractCase("a purged id can be created again, and nothing of before shows", async (scene) => {
      const before = await finished(scene, startOf(scene, scene.id(), { input: '"old"' }), '"old"');
      await scene.instances.purge(before.instanceId);

      const { session } = await begin(scene, { start: startOf(scene, before.instanceId, { generation: 1 }) });

      const status = await scene.instances.get(before.instanceId);
      expect(status).toMatchObject({ status: "Running" });
      expect(status).not.toHaveProperty("input");
      expect(await scene.instances.getHistory(before.instanceId)).toHaveLength(2);
      await session.release();
    }),

    contractCase("a purged instance of 1,000 events leaves none to its successor", async (scene) => {
      const { session, state } = await begin(scene);
      const events = Array.from({ length: 1000 }, (_, index) => timer(scene, index, 0));
      const cancelledTimers = events.map(({ eventId }) => `${state.executionId}/${eventId}`);
      await session.checkpoint(turnOf(scene, state, events, { cancelledTimers }));
      await session.checkpoint(turnOf(scene, { ...state, status: "Completed" }, [completed(scene)]));
      await session.release();
      await scene.instances.purge(state.instanceId);

      const next = await begin(scene, { start: startOf(scene, state.instanceId, { generation: 1 }) });

      expect(await scene.instances.getHistory(state.instanceId)).toHaveLength(2);
      await next.session.checkpoint(turnOf(scene, next.state, [scheduled(scene, 0)]));
      expect(await scene.instances.getHistory(state.instanceId)).toHaveLength(4);
      await next.session.release();
    }),

    contractCase("who waits for a change is told of this object's commits", async (scene) => {
      const { session, state } = await begin(scene);
      const started = scene.clock.now();
      const changed = scene.within(scene.patienceMs, async (signal) => {
        await scene.instances.waitForChange(state.instanceId, signal);
        return !signal.aborted;
      });

      await session.checkpoint(turnOf(scene, { ...state, status: "Completed" }, [completed(scene)]));

      expect(await changed).toBe(true);
      expect(scene.clock.now() - started).toBeLessThan(1000);
      await session.release();
    }),

    contractCase("who waits for a change stops waiting when asked to", async (scene) => {
      const { session, state } = await begin(scene);

      await scene.within(50, (signal) => scene.instances.waitForChange(state.instanceId, signal));
      await scene.instances.waitForChange(state.instanceId, AbortSignal.abort());

      await session.release();
    }),

    contractCase("messages to a purged instance do not bring it back", async (scene) => {
      const { instanceId } = await finished(scene);
      await scene.instances.purge(instanceId);

      await scene.instances.send(eventTo(scene, instanceId, "ghost"));

      expect(await scene.instances.get(instanceId)).toBeUndefined();
      const session = await scene.lockWithin(500);
      if (session) {
        expect(await session.load()).toEqual({ history: [] });
        await scene.take(session);
        await session.deadLetter("no such instance");
      }
      expect(await scene.instances.get(instanceId)).toBeUndefined();
    }),
  ],
};
