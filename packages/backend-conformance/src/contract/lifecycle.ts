import { begin, eventTo, scheduled, startOf } from "../builders";
import { contractCase } from "../contract-case";
import type { Topic } from "../contract-case";

/** What keeps a process alive or belongs to work in progress. */
const BUSY_RESOURCES = new Set([
  "Timeout",
  "TCPSocketWrap",
  "TLSWrap",
  "PipeWrap",
  "FSReqPromise",
  "MessagePort",
]);

export const lifecycle: Topic = {
  title: "lifecycle (B12)",
  cases: [
    contractCase("start and stop can be called twice, and stop without start", async (scene) => {
      const other = await scene.hub.another();
      await other.stop();
      await other.stop();
      await other.start();
      await other.start();
      await other.stop();

      await scene.backend.start();
      const { session } = await begin(scene);
      await session.release();
    }),

    contractCase("a backend that was stopped takes work again when it is started", async (scene) => {
      await scene.backend.stop();
      await scene.backend.start();

      const { session, state } = await begin(scene);

      expect(await scene.instances.get(state.instanceId)).toMatchObject({ status: "Running" });
      await session.release();
    }),

    contractCase("a stopped backend takes no work", async (scene) => {
      await scene.backend.stop();
      await scene.instances.create(startOf(scene, scene.id()), []);

      expect(await scene.lockWithin(500)).toBeUndefined();
      expect(await scene.lockActivityWithin(500)).toBeUndefined();
    }),

    contractCase("clients can use a backend that was never started, or was stopped", async (scene) => {
      await scene.backend.stop();
      const start = startOf(scene, scene.id());

      await scene.instances.create(start, []);
      await scene.instances.send(eventTo(scene, start.instanceId, "e"));

      expect(await scene.instances.get(start.instanceId)).toMatchObject({ status: "Pending" });
      expect((await scene.instances.query({ pageSize: 5 })).instances).toHaveLength(1);
      const session = await scene.lock(await scene.hub.another());
      expect(await scene.take(session, 2)).toHaveLength(2);
      await session.release();
    }),

    contractCase("after stop nothing of the backend keeps the process busy", async (scene) => {
      await scene.backend.stop();
      const before = busyResources().length;
      await scene.backend.start();
      const { session } = await begin(scene, { events: [scheduled(scene, 0)] });
      await scene.lockActivity();
      void session.waitForMessages(new AbortController().signal);
      void scene.backend.orchestrations.lockNext(new AbortController().signal);

      await scene.backend.stop();

      await scene.until("no busier than before", () => busyResources().length <= before);
    }),

    contractCase("a session that its stopped process held is lost to it", async (scene) => {
      const { session } = await begin(scene, { events: [scheduled(scene, 0)] });
      const item = await scene.lockActivity();

      await scene.backend.stop();

      expect(session.lost.aborted).toBe(true);
      expect(item.lost.aborted).toBe(true);
    }),

    contractCase("creating the task hub again changes nothing", async (scene) => {
      const start = startOf(scene, scene.id());
      await scene.instances.create(start, []);

      await scene.backend.createTaskHub();

      expect(await scene.instances.get(start.instanceId)).toMatchObject({ status: "Pending" });
    }),

    contractCase("a deleted task hub can be created again and is empty", async (scene) => {
      const { session, state } = await begin(scene, { events: [scheduled(scene, 0)] });
      await session.release();
      await scene.backend.stop();

      await scene.backend.deleteTaskHub();
      await scene.backend.createTaskHub();
      await scene.backend.start();

      expect(await scene.instances.get(state.instanceId)).toBeUndefined();
      expect(await scene.instances.getHistory(state.instanceId)).toEqual([]);
      expect((await scene.instances.query({ pageSize: 5 })).instances).toEqual([]);
      expect(await scene.lockWithin(500)).toBeUndefined();
      const again = await begin(scene, { start: startOf(scene, state.instanceId, { generation: 1 }) });
      await again.session.release();
    }),
  ],
};

function busyResources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((kind) => BUSY_RESOURCES.has(kind));
}
