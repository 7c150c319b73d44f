import { StorageUnavailableError, defineActivity, defineOrchestration } from "@perdure/core";
import type { SimulatedRequest } from "../simulated-storage";
import { StorageConflict } from "../../src/storage/storage-errors";
import { FaultHub, HISTORY, INSTANCES, PARTITIONS, WORK_ITEMS, isCommit } from "./fault-hub";

const add = defineActivity("add", (_ctx, n: number) => n + 1);
const steps = defineOrchestration("steps", function* (ctx, count: number) {
  let n = 0;
  for (let i = 0; i < count; i++) {
    n = yield* ctx.callActivity(add, n);
    yield* ctx.createTimer("500ms");
  }
  return n;
});
const code = { orchestrations: [steps], activities: [add] };

describe("two workers and one partition", () => {
  it("F06: a paused owner's late commit is rejected and it sends nothing", async () => {
    const hub = await FaultHub.open(code);
    const paused = hub.spawn();
    let commits = 0;
    const isSecondCommit = (request: SimulatedRequest): boolean => isCommit(request) && ++commits === 2;
    hub.once(paused, "before", isSecondCommit, () => {
      paused.pausedUntil = hub.now + 90_000;
      hub.spawn();
    });
    const handle = await hub.run(hub.client.startNew(steps, 3));

    expect(await hub.run(handle.result())).toBe(3);
    expect(hub.now).toBeLessThan(paused.pausedUntil);

    await hub.pass(20_000); // all is written
    const rows = [hub.rows(HISTORY), hub.rows(INSTANCES)];
    const late = hub.requestsOf(paused);
    await hub.pass(paused.pausedUntil - hub.now + 30_000);

    expect([hub.rows(HISTORY), hub.rows(INSTANCES)]).toEqual(rows);
    expect(late.length).toBeGreaterThan(0);
    expect(late.filter(({ operation }) => operation === "putMessage" || operation === "writeRow")).toEqual(
      [],
    );
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F07: an owner that cannot renew its lease stops committing before anybody else can take over", async () => {
    const hub = await FaultHub.open(code);
    const starved = hub.spawn();
    const handle = await hub.run(hub.client.startNew(steps, 20));
    await hub.pass(1000);
    const successor = hub.spawn();
    const commits: { readonly by: unknown; readonly at: number }[] = [];
    const end = hub.onRequests((process, request, when) => {
      if (when === "before" && isCommit(request)) commits.push({ by: process, at: hub.now });
      if (process === starved && request.resource === PARTITIONS)
        throw new StorageUnavailableError("no renewal");
    });
    const [lease] = hub.rows(PARTITIONS) ?? [];
    const expiry = (lease?.["ExpiresAt"] as Date).getTime();
    await hub.pass(10_000);
    end();

    const late = commits.filter(({ by, at }) => by === starved && at >= expiry);
    expect(late).toEqual([]);
    expect(commits.some(({ by }) => by === starved)).toBe(true);
    expect(commits.some(({ by }) => by === successor)).toBe(true);
    expect(await hub.run(handle.result())).toBe(20);
  });

  it("F08: an activity that two workers got has one result", async () => {
    let runs = 0;
    const hub = await FaultHub.open({
      orchestrations: [
        defineOrchestration("main", function* (ctx) {
          return yield* ctx.callActivity<string>("slow");
        }),
      ],
    });
    const orchestrating = hub.spawn();
    const busy = new Set([orchestrating]);
    for (let i = 0; i < 2; i++) {
      const slow = defineActivity("slow", async () => {
        busy.add(holder);
        const run = ++runs;
        await hub.hub.clock.sleep(10_000);
        return `run ${run}`;
      });
      const holder = hub.spawn({ code: { activities: [slow] } });
    }
    const end = hub.onRequests((process, { operation, resource }, when) => {
      if (resource !== WORK_ITEMS || when === "after") return;
      if (operation === "updateMessage" || (operation === "receiveMessages" && busy.has(process)))
        throw new StorageUnavailableError("nothing is renewed, and nobody takes a second one");
    });
    const handle = await hub.run(hub.client.startNew("main"));
    const result = await hub.run(handle.result());
    end();
    await hub.pass(20_000);

    const history = await hub.run(handle.history());
    expect(runs).toBeGreaterThan(1);
    expect(result).toMatch(/^run \d$/);
    expect(history.filter(({ type }) => type === "TaskCompleted")).toHaveLength(1);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F15: work goes on through a storm of ETag conflicts, without a storm of requests", async () => {
    const hub = await FaultHub.open(code, { partitionCount: 4 });
    const workers = [1, 2, 3, 4].map(() => hub.spawn());
    let conflicts = 0;
    let turn = 0;
    const end = hub.onRequests((process, { operation }, when) => {
      if (process === hub.clientProcess || operation !== "transaction" || when === "after") return;
      if (turn++ % 2 === 0) return;
      conflicts++;
      throw new StorageConflict("stale", "somebody else was first");
    });
    const handles = [];
    for (let i = 0; i < 10; i++) handles.push(await hub.run(hub.client.startNew(steps, 5)));
    const before = hub.now;
    const results = await hub.run(Promise.all(handles.map((handle) => handle.result({ timeout: "1h" }))));
    const seconds = (hub.now - before) / 1000;
    end();

    expect(results).toEqual(handles.map(() => 5));
    expect(conflicts).toBeGreaterThan(50);
    expect(seconds).toBeLessThan(300);
    const requests = workers.reduce((sum, { storage }) => sum + storage.requests, 0);
    expect(requests).toBeLessThan(30 * conflicts);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F23: workers that come and go every five seconds lose and repeat nothing", async () => {
    const hub = await FaultHub.open(code, { partitionCount: 4 });
    const workers = [hub.spawn()];
    const handles = [];
    for (let i = 0; i < 20; i++) handles.push(await hub.run(hub.client.startNew(steps, 40)));
    for (const count of [4, 1, 4, 1, 2]) {
      while (workers.length < count) workers.push(hub.spawn());
      while (workers.length > count) await hub.stop(workers.shift()!);
      await hub.pass(5000);
    }

    for (const handle of handles) {
      expect(await hub.run(handle.result({ timeout: "10m" }))).toBe(40);
      const history = await hub.run(handle.history());
      expect(history.filter(({ type }) => type === "TaskCompleted")).toHaveLength(40);
    }
    expect(await hub.leftovers()).toEqual([]);
    expect(await hub.deadLetters()).toEqual([]);
  });

  it("F38: a worker outlives activities that throw anything, and a thread blocked for 30 seconds", async () => {
    const hub = await FaultHub.open({
      orchestrations: [
        defineOrchestration("main", function* (ctx) {
          const outcomes = yield* ctx.allSettled([
            ctx.callActivity("throwNothing"),
            ctx.callActivity("rejectText"),
            ctx.callActivity("block"),
          ]);
          return outcomes.map(({ status }) => status);
        }),
      ],
      activities: [
        defineActivity("throwNothing", () => {
          throw undefined;
        }),
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- users may
        defineActivity("rejectText", () => Promise.reject("just text")),
        defineActivity("block", () => hub.hub.clock.jumpTo(hub.now + 30_000)),
      ],
    });
    const worker = hub.spawn();
    const handle = await hub.run(hub.client.startNew("main"));

    expect(await hub.run(handle.result())).toEqual(["failed", "failed", "completed"]);

    const [lease] = hub.rows(PARTITIONS) ?? [];
    expect((lease?.["ExpiresAt"] as Date).getTime()).toBeGreaterThan(hub.now); // it is the owner again
    expect(worker.isDead).toBe(false);
    expect(await hub.leftovers()).toEqual([]);
  });
});
