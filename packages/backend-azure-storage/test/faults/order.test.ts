import { StorageUnavailableError, defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import type { SimulatedRequest } from "../simulated-storage";
import type { SimulatedProcess } from "../support/simulated-hub";
import { CONTROL, FaultHub, PARTITIONS } from "./fault-hub";

const note = defineEvent<number>("note");
const listener = defineOrchestration("listener", function* (ctx, wanted: number) {
  const seen: number[] = [];
  while (seen.length < wanted) seen.push(yield* ctx.waitForExternalEvent(note));
  return seen;
});
const code = { orchestrations: [listener] };
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Much longer than any lease here: what has to wait until it shows again comes too late. */
const LONG = { messageVisibility: "5m" } as const;

async function raise(
  hub: FaultHub,
  handle: InstanceHandle<number[]>,
  values: readonly number[],
  everyMs: number,
): Promise<void> {
  for (const value of values) {
    await hub.run(handle.raiseEvent(note, value));
    await hub.pass(everyMs);
  }
}

/** The worker's process as a client: what it sends it delivers by hand. */
async function listen(
  hub: FaultHub,
  process: SimulatedProcess,
  wanted: number,
): Promise<InstanceHandle<number[]>> {
  const handle = await hub.run(hub.hub.client(process).startNew(listener, wanted));
  await hub.run(handle.waitForStart());
  await hub.pass(5000);
  return handle;
}

describe("events that one process raises one after another come in order", () => {
  it.each([
    ["fails", () => Promise.reject(new StorageUnavailableError("no renewal"))],
    ["waits", (hub: FaultHub, until: number) => hub.hub.clock.sleep(until - hub.now)],
  ] as const)("while each renewal of the lease %s, for longer than the lease", async (_how, suffer) => {
    const hub = await FaultHub.open(code, LONG);
    const worker = hub.spawn();
    const handle = await listen(hub, worker, 40);
    const until = hub.now + 3000;
    hub.onRequests((process, { resource }) =>
      process === worker && resource === PARTITIONS && hub.now < until ? suffer(hub, until) : undefined,
    );

    await raise(hub, handle, numbers(40), 100);

    expect(hub.now).toBeGreaterThan(until);
    expect(await hub.run(handle.result(), 2000)).toEqual(numbers(40));
    expect(await hub.leftovers()).toEqual([]);
  });

  it("when the answer that brings some of them comes after the lease has run out", async () => {
    const hub = await FaultHub.open(code, LONG);
    const worker = hub.spawn();
    const started = await listen(hub, worker, 20);
    const handle = hub.client.instance<number[]>(started.instanceId);
    await raise(hub, handle, numbers(5), 100);
    const isReceive = ({ operation, resource }: SimulatedRequest): boolean =>
      operation === "receiveMessages" && resource === CONTROL;
    hub.once(worker, "after", isReceive, () => (worker.pausedUntil = hub.now + 5000));

    await raise(hub, handle, [5, 6, 7], 100);
    await hub.hub.until(() => worker.pausedUntil > 0, 60_000);
    await raise(hub, handle, numbers(20).slice(8), 100);

    expect(hub.now).toBeLessThan(worker.pausedUntil);
    await hub.pass(worker.pausedUntil - hub.now);
    expect(await hub.run(handle.result(), 2000)).toEqual(numbers(20));
    expect(await hub.leftovers()).toEqual([]);
  });

  it.each([3, 100])("while it becomes the owner of a queue with %i of them", async (earlier) => {
    const hub = await FaultHub.open(code);
    const first = hub.spawn();
    const { instanceId } = await listen(hub, first, earlier + 5);
    await hub.stop(first);
    const process = hub.hub.process();
    const handle = hub.hub.client(process).instance<number[]>(instanceId);
    await raise(hub, handle, numbers(earlier), 10);
    let receives = 0;
    hub.onRequests((of, { operation, resource }, when) => {
      if (of !== process || when === "after" || operation !== "receiveMessages" || resource !== CONTROL)
        return;
      receives++;
      return hub.hub.clock.sleep(500);
    });
    hub.spawn({ process });
    await hub.hub.until(() => receives === 1, 5000);

    await raise(hub, handle, numbers(earlier + 5).slice(earlier), 10);

    expect(receives).toBe(1);
    expect(await hub.run(handle.result(), 5000)).toEqual(numbers(earlier + 5));
    expect(await hub.leftovers()).toEqual([]);
  });

  it("when one is on its way to the queue while its process becomes the owner", async () => {
    const hub = await FaultHub.open(code);
    const before = hub.spawn();
    const { instanceId } = await listen(hub, before, 2);
    await hub.stop(before);
    const process = hub.hub.process();
    const handle = hub.hub.client(process).instance<number[]>(instanceId);
    let isOnItsWay = false;
    hub.once(
      process,
      "before",
      ({ operation }) => operation === "putMessage",
      () => (isOnItsWay = true),
    );
    const end = hub.onRequests((of, { operation }, when) =>
      of === process && operation === "putMessage" && when === "before"
        ? hub.hub.clock.sleep(2000)
        : undefined,
    );
    const first = handle.raiseEvent(note, 0);
    await hub.hub.until(() => isOnItsWay, 5000);
    end();
    hub.spawn({ process });

    await hub.run(first);
    await hub.run(handle.raiseEvent(note, 1));

    expect(await hub.run(handle.result(), 5000)).toEqual([0, 1]);
  });

  it("but do not wait for ever for a queue that never gets empty", async () => {
    const hub = await FaultHub.open(code);
    const other = await hub.run(hub.client.startNew(listener, 1_000_000));
    const process = hub.hub.process();
    const handle = await hub.run(hub.hub.client(process).startNew(listener, 1));
    hub.onRequests(async (of, { operation, resource }, when) => {
      if (of !== process || when === "after" || operation !== "receiveMessages" || resource !== CONTROL)
        return;
      await hub.hub.clock.sleep(100);
      for (const n of numbers(32)) await other.raiseEvent(note, n);
    });
    hub.spawn({ process });
    await hub.run(handle.waitForStart());

    await hub.run(handle.raiseEvent(note, 0));

    expect(await hub.run(handle.result(), 10_000)).toEqual([0]);
  });
});

describe("a lease that runs out and that nobody takes", () => {
  it("costs nothing when the thread stood still: what has run does not run again", async () => {
    let runs = 0;
    const block = defineActivity("block", () => {
      runs++;
      hub.hub.clock.jumpTo(hub.now + 30_000);
      return runs;
    });
    const main = defineOrchestration("main", function* (ctx) {
      return [yield* ctx.callActivity(block), yield* ctx.callActivity(block)];
    });
    const hub = await FaultHub.open({ orchestrations: [main], activities: [block] });
    hub.spawn();
    const handle = await hub.run(hub.client.startNew(main));

    expect(await hub.run(handle.result())).toEqual([1, 2]);
    expect(runs).toBe(2);
    expect(await hub.leftovers()).toEqual([]);
  });
});
