import { InvalidArgumentError, InvalidInstanceStateError, VirtualClock } from "@perdure/core";
import type { HistoryEvent, InstanceStatus } from "@perdure/core";
import { Client } from "../src";
import type { PurgeFilter, PurgeManyOptions, PurgeProgress } from "../src";
import { FakeBackend, instance } from "./support/fake-backend";

function setUp(count = 0, fields: Partial<InstanceStatus> = { status: "Completed" }) {
  const backend = new FakeBackend();
  for (let i = 0; i < count; i++) backend.instances.put(instance(`a-${String(i).padStart(4, "0")}`, fields));
  const clock = new VirtualClock();
  return { instances: backend.instances, clock, client: new Client(backend, { clock }) };
}

/** Makes `ids` children of `parentId`, all finished. */
function adopt({ instances }: ReturnType<typeof setUp>, parentId: string, ...ids: readonly string[]): void {
  const parent = { name: "p", instanceId: parentId, executionId: "x", taskScheduledId: 0 };
  for (const id of ids) instances.put(instance(id, { status: "Completed", parent }));
  const created = ids.map((instanceId, eventId): HistoryEvent => {
    return { type: "SubOrchestrationInstanceCreated", timestamp: 1, eventId, name: "child", instanceId };
  });
  instances.histories.set(parentId, [{ type: "OrchestratorStarted", timestamp: 1 }, ...created]);
}

describe("purge", () => {
  it("deletes a finished instance", async () => {
    const { instances, client } = setUp();
    instances.put(instance("a", { status: "Failed" }));

    await expect(client.purge("a")).resolves.toBe(1);

    expect(instances.purges).toEqual(["a"]);
  });

  it("deletes nothing when there is no instance", async () => {
    const { client } = setUp();

    await expect(client.purge("a")).resolves.toBe(0);
    await expect(client.purge("a", { recursive: true })).resolves.toBe(0);
  });

  it.each([false, true])("is refused for an instance that runs (recursive: %j)", async (recursive) => {
    const { instances, client } = setUp();
    instances.put(instance("a"));

    await expect(client.purge("a", { recursive })).rejects.toThrow(InvalidInstanceStateError);
  });

  it("refuses a bad id", async () => {
    await expect(setUp().client.purge("a/b")).rejects.toThrow(InvalidArgumentError);
  });

  it("leaves children alone unless recursive", async () => {
    const setup = setUp();
    setup.instances.put(instance("a", { status: "Completed" }));
    adopt(setup, "a", "a-1");

    await expect(setup.client.purge("a")).resolves.toBe(1);

    expect(setup.instances.statuses.has("a-1")).toBe(true);
  });

  it("deletes descendants before their parents when recursive", async () => {
    const setup = setUp();
    setup.instances.put(instance("a", { status: "Completed" }));
    adopt(setup, "a", "a-1", "a-2");
    adopt(setup, "a-1", "a-1-1");

    await expect(setup.client.instance("a").purge({ recursive: true })).resolves.toBe(4);

    expect(setup.instances.purges).toEqual(["a-1-1", "a-1", "a-2", "a"]);
  });

  it("does not touch an instance that has taken the id of a former child", async () => {
    const setup = setUp();
    setup.instances.put(instance("a", { status: "Completed" }));
    adopt(setup, "a", "shared");
    setup.instances.put(instance("shared", { status: "Running" }));

    await expect(setup.client.purge("a", { recursive: true })).resolves.toBe(1);

    expect(setup.instances.statuses.has("shared")).toBe(true);
  });

  it("deletes nothing while a child runs, and names it", async () => {
    const setup = setUp();
    setup.instances.put(instance("a", { status: "Completed" }));
    adopt(setup, "a", "a-1", "a-2");
    setup.instances.put({ ...setup.instances.statuses.get("a-2")!, status: "Running" });

    await expect(setup.client.purge("a", { recursive: true })).rejects.toMatchObject({ instanceId: "a-2" });

    expect(setup.instances.purges).toEqual([]);
  });

  it("ends on instances that are each other's parents", async () => {
    const setup = setUp();
    adopt(setup, "a", "b");
    adopt(setup, "b", "a");

    await expect(setup.client.purge("a", { recursive: true })).resolves.toBe(2);
  });
});

describe("purgeMany", () => {
  it("deletes finished instances only, over all pages", async () => {
    const { instances, client } = setUp(450);
    instances.put(instance("b-running"), instance("b-failed", { status: "Failed" }));

    const result = await client.purgeMany({});

    expect(result).toEqual({ purged: 451, skipped: 0, isComplete: true });
    expect([...instances.statuses.keys()]).toEqual(["b-running"]);
  });

  it("hands the filter to the backend", async () => {
    const { instances, client } = setUp();

    await client.purgeMany({ name: "purchase", status: "Failed", createdTo: new Date(9), tags: { a: "b" } });

    expect(instances.queries).toEqual([
      {
        name: "purchase",
        statuses: ["Failed"],
        createdTo: 9,
        tags: { a: "b" },
        includePayloads: false,
        pageSize: 200,
      },
    ]);
  });

  it("tells of its progress after every page", async () => {
    const { client } = setUp(450);
    const progress: PurgeProgress[] = [];

    await client.purgeMany({}, { onProgress: (now) => progress.push(now) });

    expect(progress).toEqual([
      { purged: 200, skipped: 0 },
      { purged: 400, skipped: 0 },
      { purged: 450, skipped: 0 },
    ]);
  });

  it("skips instances that are gone or run again", async () => {
    const { instances, client } = setUp(10);
    instances.onPurge = (id) => {
      if (id === "a-0003") instances.statuses.delete(id);
      if (id === "a-0004") instances.put(instance(id));
    };

    await expect(client.purgeMany({})).resolves.toEqual({ purged: 8, skipped: 2, isComplete: true });
  });

  it.each([1, 7])("deletes %d at a time", async (concurrency) => {
    const { instances, client } = setUp(50);
    let running = 0;
    let most = 0;
    instances.onPurge = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };

    await client.purgeMany({}, { concurrency });

    expect(most).toBe(concurrency);
  });

  it("ends early when time runs out, and goes on from its result", async () => {
    const { instances, clock, client } = setUp(450);
    instances.onPurge = () => clock.jumpTo(clock.now() + 1);

    const first = await client.purgeMany({}, { timeout: 250, concurrency: 1 });

    expect(first).toEqual({ purged: 250, skipped: 0, isComplete: false, continuationToken: "a-0199" });
    const rest = await client.purgeMany({}, { continuationToken: first.continuationToken! });
    expect(rest).toEqual({ purged: 200, skipped: 0, isComplete: true });
    expect(instances.statuses.size).toBe(0);
  });

  it("has no token when it ends on the first page", async () => {
    const { clock, instances, client } = setUp(10);
    instances.onPurge = () => clock.jumpTo(clock.now() + 1);

    const first = await client.purgeMany({}, { timeout: 3, concurrency: 1 });

    expect(first).toEqual({ purged: 3, skipped: 0, isComplete: false });
  });

  it("deletes nothing with a timeout of 0", async () => {
    const { instances, client } = setUp(1);

    await expect(client.purgeMany({}, { timeout: 0 })).resolves.toMatchObject({
      purged: 0,
      isComplete: false,
    });

    expect(instances.purges).toEqual([]);
  });

  it("ends early when the signal aborts, after what has begun", async () => {
    const { instances, client } = setUp(100);
    const controller = new AbortController();
    instances.onPurge = async (id) => {
      if (id === "a-0005") controller.abort();
      await Promise.resolve();
    };

    const result = await client.purgeMany({}, { signal: controller.signal, concurrency: 2 });

    expect(result.isComplete).toBe(false);
    expect(result.purged).toBe(instances.purges.length);
    expect(result.purged).toBeLessThanOrEqual(7);
  });

  it("throws the first failure when all that has begun has ended", async () => {
    const { instances, client } = setUp(100);
    let running = 0;
    instances.onPurge = async (id) => {
      running++;
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (id === "a-0005") throw new Error("storage is down");
    };

    await expect(client.purgeMany({}, { concurrency: 4 })).rejects.toThrow("storage is down");

    expect(running).toBe(0);
    expect(instances.purges.length).toBeLessThan(10);
  });

  it.each<[string, unknown, unknown]>([
    ["a status that has not finished", { status: "Running" }, {}],
    ["no status", { status: [] }, {}],
    ["an invalid date", { createdTo: new Date("x") }, {}],
    ["concurrency 0", {}, { concurrency: 0 }],
    ["concurrency 257", {}, { concurrency: 257 }],
    ["a bad timeout", {}, { timeout: "soon" }],
    ["an empty token", {}, { continuationToken: "" }],
  ])("refuses %s", async (_what, filter, options) => {
    const { instances, client } = setUp(1);

    const purge = client.purgeMany(filter as PurgeFilter, options as PurgeManyOptions);

    await expect(purge).rejects.toThrow(InvalidArgumentError);
    expect(instances.queries).toEqual([]);
  });
});

describe("a dry run", () => {
  it("counts an instance and its descendants, and deletes nothing", async () => {
    const setup = setUp();
    setup.instances.put(instance("a", { status: "Completed" }));
    adopt(setup, "a", "a-1", "a-2");

    await expect(setup.client.purge("a", { dryRun: true })).resolves.toBe(1);
    await expect(setup.client.purge("a", { dryRun: true, recursive: true })).resolves.toBe(3);
    await expect(setup.client.purge("b", { dryRun: true })).resolves.toBe(0);

    expect(setup.instances.purges).toEqual([]);
  });

  it("is refused for what could not be purged", async () => {
    const { instances, client } = setUp();
    instances.put(instance("a"));

    await expect(client.purge("a", { dryRun: true })).rejects.toThrow(InvalidInstanceStateError);
  });

  it("counts all that match", async () => {
    const { instances, client } = setUp(450);

    await expect(client.purgeMany({}, { dryRun: true })).resolves.toEqual({
      ...{ purged: 450, skipped: 0, isComplete: true },
    });

    expect(instances.purges).toEqual([]);
  });
});
