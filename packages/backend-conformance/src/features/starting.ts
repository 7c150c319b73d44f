import { InvalidArgumentError, defineOrchestration } from "@perdure/core";
import { caseForEach, contractCase } from "../contract-case";
import type { Topic } from "../contract-case";
import { runApp } from "./app";
import { fail, identity, waiter } from "./code";

const BAD_IDS = {
  nothing: "",
  "a slash": "a/b",
  "a backslash": "a\\b",
  "a hash": "a#b",
  "a question mark": "a?b",
  "a control character": "a\u0000b",
  "a leading @": "@a",
  "257 characters": "x".repeat(257),
  "half a surrogate pair": "a\ud800",
};

export const starting: Topic = {
  title: "starting, waiting, listing",
  cases: [
    contractCase("an instance is Pending until a worker takes it", async (scene) => {
      const idle = await runApp(scene, {});
      await idle.worker.stop();
      const handle = await idle.start(identity, 1);

      expect(await handle.status()).toMatchObject({ status: "Pending", name: "identity", input: 1 });
      expect(await handle.history()).toEqual([]);
      await expect(handle.waitForStart({ timeout: 100 })).rejects.toMatchObject({ code: "WaitTimeout" });

      const app = await runApp(scene, { orchestrations: [identity] }, { backend: await scene.hub.another() });
      expect(await app.result(app.client.instance(handle.instanceId))).toBe(1);
    }),

    contractCase("a started instance says all about itself", async (scene) => {
      const versioned = defineOrchestration(
        "versioned",
        function* (ctx, input: string) {
          ctx.setCustomStatus({ seen: input });
          yield* ctx.waitForExternalEvent("go");
          return [ctx.name, ctx.version, ctx.tags, ctx.parent];
        },
        { version: "3.1" },
      );
      const app = await runApp(scene, { orchestrations: [versioned] });
      const handle = await app.start(versioned, "in", { instanceId: "all-about", tags: { team: "red" } });
      const snapshot = await app.until(
        handle,
        "custom status",
        ({ customStatus }) => customStatus !== undefined,
      );

      expect(snapshot).toMatchObject({
        instanceId: "all-about",
        name: "versioned",
        version: "3.1",
        status: "Running",
        input: "in",
        customStatus: { seen: "in" },
        tags: { team: "red" },
      });
      expect(snapshot.lastUpdatedAt.getTime()).toBeGreaterThanOrEqual(snapshot.createdAt.getTime());
      await handle.raiseEvent("go");
      expect(await app.result(handle)).toEqual(["versioned", "3.1", { team: "red" }, null]);
      const { completedAt, createdAt, output } = await handle.status();
      expect(completedAt?.getTime()).toBeGreaterThanOrEqual(createdAt.getTime());
      expect(output).toEqual(["versioned", "3.1", { team: "red" }, null]);
    }),

    contractCase("an instance may be started by name", async (scene) => {
      const app = await runApp(scene, { orchestrations: [identity] });

      const handle = await app.client.startNew<string>("identity", "by name");

      expect(await app.result(handle)).toBe("by name");
      expect(handle.instanceId).toMatch(/^[0-9a-f]{32}$/);
    }),

    contractCase("a delayed start is Pending until its time, and then runs", async (scene) => {
      const timed = defineOrchestration("timed", function* (ctx) {
        yield* ctx.createTimer(0);
        return ctx.currentUtcDateTime.getTime();
      });
      const app = await runApp(scene, { orchestrations: [timed] });
      const startAt = new Date(scene.clock.now() + 1500);
      const handle = await app.start(timed, undefined, { startAt });
      await scene.pass(500);

      expect(await handle.status()).toMatchObject({ status: "Pending", scheduledStartTime: startAt });

      expect(await app.result(handle)).toBeGreaterThanOrEqual(startAt.getTime());
    }),

    contractCase("a start in the past is a start now", async (scene) => {
      const app = await runApp(scene, { orchestrations: [identity] });

      expect(await app.call(identity, 1, { startAt: new Date(0) })).toBe(1);
    }),

    contractCase(
      "an instance scheduled for next year starts next year",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [identity] });
        const handle = await app.start(identity, "at last", { delay: "365d" });
        await scene.pass(364 * 86_400_000);
        expect(await handle.status()).toMatchObject({ status: "Pending" });
        await scene.pass(2 * 86_400_000);

        expect(await app.result(handle)).toBe("at last");
      },
      { needsVirtualTime: true, lockMs: 86_400_000 },
    ),

    contractCase("of fifty concurrent starts of one id one creates, and all may attach", async (scene) => {
      const app = await runApp(scene, { orchestrations: [waiter] });

      const handles = await Promise.all(
        Array.from({ length: 50 }, () =>
          app.start(waiter, undefined, { instanceId: "singleton", ifExists: "attach" }),
        ),
      );

      expect(handles.filter(({ created }) => created)).toHaveLength(1);
      await handles[7]?.raiseEvent("go", "for all");
      for (const handle of handles.slice(0, 5)) expect(await app.result(handle)).toBe("for all");
    }),

    contractCase(
      "the id of a running instance is refused, that of a finished one is reused",
      async (scene) => {
        const app = await runApp(scene, { orchestrations: [waiter, identity] });
        const first = await app.start(waiter, undefined, { instanceId: "mine" });
        await app.reaches(first, "waiting");
        await expect(app.start(identity, 2, { instanceId: "mine" })).rejects.toMatchObject({
          code: "InstanceAlreadyExists",
        });
        await first.raiseEvent("go", 1);
        expect(await app.result(first)).toBe(1);
        await expect(app.start(identity, 2, { instanceId: "mine", reuse: [] })).rejects.toMatchObject({
          code: "InstanceAlreadyExists",
        });

        const second = await app.start(identity, 2, { instanceId: "mine" });

        await app.until(second, "second output", ({ output }) => output === 2);
        expect(await second.status()).toMatchObject({ name: "identity", status: "Completed" });
        expect(await second.status()).not.toHaveProperty("customStatus");
      },
    ),

    ...caseForEach(
      BAD_IDS,
      (name) => `a bad instance id is refused: ${name}`,
      async (scene, instanceId) => {
        const app = await runApp(scene, { orchestrations: [identity] });

        await expect(app.start(identity, 1, { instanceId })).rejects.toMatchObject({
          code: "InvalidArgument",
        });
        expect(() => app.client.instance(instanceId)).toThrow(InvalidArgumentError);
      },
    ),

    contractCase("waiting ends when the time is up, and the instance goes on", async (scene) => {
      const app = await runApp(scene, { orchestrations: [waiter] });
      const handle = await app.start(waiter, undefined);

      await expect(handle.result({ timeout: 300 })).rejects.toMatchObject({ code: "WaitTimeout" });

      expect(await handle.waitForStart({ timeout: scene.patienceMs })).toMatchObject({ status: "Running" });
      await handle.raiseEvent("go", 1);
      expect(await app.result(handle)).toBe(1);
    }),

    contractCase("another process sees the result", async (scene) => {
      const app = await runApp(scene, { orchestrations: [waiter] });
      const other = await runApp(scene, { orchestrations: [waiter] }, { backend: await scene.hub.another() });
      const handle = await app.start(waiter, undefined, { instanceId: "shared" });
      const waiting = other.result(other.client.instance("shared"));

      await handle.raiseEvent("go", "across");

      expect(await waiting).toBe("across");
    }),

    contractCase("waiting for a missing instance says so", async (scene) => {
      const app = await runApp(scene, {});

      await expect(app.client.instance("nobody").result()).rejects.toMatchObject({
        code: "InstanceNotFound",
      });
      expect(await app.client.get("nobody")).toBeUndefined();
    }),

    contractCase("list finds instances by status, name, prefix, tags and time", async (scene) => {
      const failing = defineOrchestration("failing", function* (ctx) {
        yield* ctx.callActivity(fail, "on purpose");
      });
      const app = await runApp(scene, { orchestrations: [identity, waiter, failing], activities: [fail] });
      const before = new Date(scene.clock.now());
      await app.end(await app.start(identity, "in", { instanceId: "a-done", tags: { team: "red" } }));
      await app.end(await app.start(failing, undefined, { instanceId: "a-failed" }));
      await app.reaches(await app.start(waiter, undefined, { instanceId: "b-waiting" }), "waiting");

      const ids = async (filter: Parameters<typeof app.client.list>[0]): Promise<string[]> => {
        await scene.listed();
        const found: string[] = [];
        for await (const { instanceId } of app.client.list(filter)) found.push(instanceId);
        return found.sort();
      };

      expect(await ids({})).toEqual(["a-done", "a-failed", "b-waiting"]);
      expect(await ids({ status: "Running" })).toEqual(["b-waiting"]);
      expect(await ids({ status: ["Failed", "Completed"] })).toEqual(["a-done", "a-failed"]);
      expect(await ids({ name: "failing" })).toEqual(["a-failed"]);
      expect(await ids({ instanceIdPrefix: "a-" })).toEqual(["a-done", "a-failed"]);
      expect(await ids({ tags: { team: "red" } })).toEqual(["a-done"]);
      expect(await ids({ createdFrom: before })).toHaveLength(3);
      expect(await ids({ createdTo: before })).toEqual([]);
    }),

    contractCase("list reads page by page, with payloads when asked", async (scene) => {
      const app = await runApp(scene, { orchestrations: [identity] });
      const handles = await Promise.all(
        Array.from({ length: 9 }, (_, index) => app.start(identity, index, { instanceId: `row-${index}` })),
      );
      for (const handle of handles) await app.end(handle);

      const seen = new Set<unknown>();
      await scene.listed();
      for await (const page of app.client.list({ includePayloads: true }).byPage({ pageSize: 4 })) {
        expect(page.instances.length).toBeLessThanOrEqual(4);
        for (const { output } of page.instances) seen.add(output);
      }

      expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }),
  ],
};
