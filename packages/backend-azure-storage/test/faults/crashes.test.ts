import { defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import type { HistoryEvent } from "@perdure/core";
import { CONTROL, FaultHub, HISTORY, INSTANCES, isCommit } from "./fault-hub";

const note = defineEvent<number>("note");
const add = defineActivity("add", (_ctx, n: number) => n + 1);
const twice = defineOrchestration("twice", function* (ctx) {
  return yield* ctx.callActivity(add, yield* ctx.callActivity(add, 0));
});
const child = defineOrchestration("child", function* (ctx) {
  yield* ctx.createTimer("1s");
  return "grown";
});
/** Sends all kinds of messages in its first turn. */
const sender = defineOrchestration("sender", function* (ctx) {
  for (const n of [1, 2, 3, 4]) ctx.sendEvent("collector", note, n);
  const [sum, grown] = yield* ctx.all([ctx.callActivity(add, 1), ctx.callSubOrchestrator(child)]);
  return `${sum} ${grown}`;
});
/** Collects events until none has come for a minute. */
const collector = defineOrchestration("collector", function* (ctx) {
  const notes: number[] = [];
  for (;;) {
    const next = yield* ctx.waitForExternalEvent(note, { timeout: "1m" });
    if (next === undefined) return notes.sort();
    notes.push(next);
  }
});
const code = { orchestrations: [twice, child, sender, collector], activities: [add] };

function countOf(history: readonly HistoryEvent[], type: HistoryEvent["type"]): number {
  return history.filter((event) => event.type === type).length;
}

describe("a worker that is killed", () => {
  it("F01: before its commit has had no effect, and the next one does the same again", async () => {
    const hub = await FaultHub.open(code);
    const worker = hub.spawn();
    let rowsAtDeath: unknown;
    hub.once(worker, "before", isCommit, () => {
      worker.kill();
      rowsAtDeath = hub.rows(HISTORY);
      hub.spawn();
    });
    const handle = await hub.run(hub.client.startNew(twice));

    expect(await hub.run(handle.result())).toBe(2);
    expect(rowsAtDeath).toEqual([]);
    expect(countOf(await hub.run(handle.history()), "TaskCompleted")).toBe(2);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F02: after its commit and before it sends leaves nothing unsent", async () => {
    const hub = await FaultHub.open(code);
    const worker = hub.spawn();
    const collecting = await hub.run(hub.client.startNew(collector, undefined, { instanceId: "collector" }));
    await hub.run(collecting.waitForStart());
    hub.killAt(worker, "after", (request) => isCommit(request) && request.key === "sender");
    const sending = await hub.run(hub.client.startNew(sender, undefined, { instanceId: "sender" }));

    expect(await hub.run(sending.result())).toBe("2 grown");
    expect(await hub.run(collecting.result())).toEqual([1, 2, 3, 4]);
    expect(worker.isDead).toBe(true);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F03: after some of its sends makes repeats, each of which counts once", async () => {
    const hub = await FaultHub.open(code);
    const worker = hub.spawn();
    const collecting = await hub.run(hub.client.startNew(collector, undefined, { instanceId: "collector" }));
    await hub.run(collecting.waitForStart());
    let sends = 0;
    hub.killAt(worker, "after", ({ operation }) => operation === "putMessage" && ++sends === 3);
    const sending = await hub.run(hub.client.startNew(sender, undefined, { instanceId: "sender" }));

    expect(await hub.run(sending.result())).toBe("2 grown");
    expect(await hub.run(collecting.result())).toEqual([1, 2, 3, 4]);
    expect(countOf(await hub.run(sending.history()), "TaskCompleted")).toBe(1);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F04: before it writes the instance row has still completed it: readers see so at once, lists a little later", async () => {
    const hub = await FaultHub.open(code);
    const worker = hub.spawn();
    hub.once(
      worker,
      "before",
      ({ resource, operation }) => resource === INSTANCES && operation === "writeRow",
      () => worker.kill(),
    );
    const handle = await hub.run(hub.client.startNew(twice));
    await hub.pass(3000);

    expect(worker.isDead).toBe(true);
    expect((await hub.run(handle.status())).status).toBe("Completed");
    expect(hub.rows(INSTANCES)?.[0]?.["RuntimeStatus"]).toBe("Pending");

    hub.spawn();
    expect(await hub.leftovers()).toEqual([]);
    expect(hub.rows(INSTANCES)?.[0]?.["RuntimeStatus"]).toBe("Completed");
  });

  it("F04: cannot have deleted the message that brings an instance back while its row is still to be written", async () => {
    const hub = await FaultHub.open(code);
    const requests = hub.requestsOf(hub.spawn());
    const handle = await hub.run(hub.client.startNew(collector));
    await hub.pass(5000);

    const written = requests.findIndex(
      ({ operation, resource }) => operation === "writeRow" && resource === INSTANCES,
    );
    const deleted = requests.findIndex(({ operation }) => operation === "deleteMessage");
    expect(written).toBeGreaterThan(0);
    expect(deleted).toBeGreaterThan(written);
    expect(hub.rows(INSTANCES)?.[0]?.["RuntimeStatus"]).toBe("Running");
    expect(await hub.run(handle.result())).toEqual([]);
    await hub.stopAll();
  });

  it("F05: before it deletes the message lets it come again, for nothing", async () => {
    let runs = 0;
    const count = defineActivity("count", () => ++runs);
    const once = defineOrchestration("once", function* (ctx) {
      return yield* ctx.callActivity(count);
    });
    const hub = await FaultHub.open({ orchestrations: [once], activities: [count] });
    const worker = hub.spawn();
    hub.once(
      worker,
      "before",
      ({ operation, resource }) => operation === "deleteMessage" && resource === CONTROL,
      () => worker.kill(),
    );
    const handle = await hub.run(hub.client.startNew(once));
    await hub.run(handle.result());
    await hub.pass(3000);
    const rows = hub.rows(HISTORY);

    expect(worker.isDead).toBe(true);
    expect(hub.queues()[CONTROL]).toHaveLength(1);

    const successor = hub.spawn();
    const requests = hub.requestsOf(successor);
    expect(await hub.leftovers()).toEqual([]);
    expect(requests.filter(isCommit)).toEqual([]);
    expect(hub.rows(HISTORY)).toEqual(rows);
    expect(runs).toBe(1);
  });
});
