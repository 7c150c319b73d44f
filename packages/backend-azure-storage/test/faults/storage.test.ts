import { StorageUnavailableError, defineActivity, defineOrchestration } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import { BLOBS, DEAD_LETTERS, FaultHub, HISTORY, INSTANCES, isCommit } from "./fault-hub";
import { expectedOf, gift, program, programCode, randomSteps } from "./program";
import { Random } from "../support/random";

const LARGE = 50_000; // characters: too long for a column, and for a queue message

const add = defineActivity("add", (_ctx, n: number) => n + 1);
const enlarge = defineActivity("enlarge", (_ctx, text: string) => text + text);
const large = defineOrchestration("large", function* (ctx, text: string) {
  const longer = yield* ctx.callActivity(enlarge, text);
  yield* ctx.waitForExternalEvent("go");
  return longer.length;
});
const fan = defineOrchestration("fan", function* (ctx, count: number) {
  const results = yield* ctx.all(Array.from({ length: count }, (_, n) => ctx.callActivity(add, n)));
  return results.reduce((sum, n) => sum + n, 0);
});
const nap = defineOrchestration("nap", function* (ctx, ms: number) {
  yield* ctx.createTimer(ms);
  return ctx.currentUtcDateTime.getTime();
});

describe("storage that fails", () => {
  it.each([1, 10, 30])(
    "F14: now and then (%i%%), before or after it did as asked, makes every transition happen once",
    async (percent) => {
      const random = new Random(percent);
      const hub = await FaultHub.open(programCode, { partitionCount: 2 });
      const workers = [hub.spawn(), hub.spawn()];
      await hub.pass(1000);
      let failures = 0;
      const end = hub.onRequests((process) => {
        if (process === hub.clientProcess || random.next() >= percent / 200) return; // of two moments each
        failures++;
        throw new StorageUnavailableError("503");
      });
      const plans = Array.from({ length: 25 }, () => randomSteps(random));
      const handles: InstanceHandle<number>[] = [];
      for (const steps of plans) {
        const handle = await hub.run(hub.client.startNew(program, { steps, total: 0 }));
        for (const step of steps) if (step === "event") await hub.run(handle.raiseEvent(gift, 5));
        handles.push(handle);
      }
      const waiting = handles.map((handle) => handle.result({ timeout: "2h" }));
      const results = await hub.run(Promise.all(waiting), 10_000_000);
      end();

      expect(results).toEqual(plans.map(expectedOf));
      expect(failures).toBeGreaterThan(percent);
      for (const { storage } of workers) expect(storage.requests).toBeGreaterThan(100);
      expect(await hub.leftovers()).toEqual([]);
      expect(await hub.deadLetters()).toEqual([]);
      expect(hub.unfinishedRows()).toEqual([]);
    },
    60_000,
  );

  it("F14: to give a blob, for a while, makes no dead letter of the message that names it", async () => {
    const hub = await FaultHub.open({ orchestrations: [large], activities: [enlarge] });
    const worker = hub.spawn();
    const until = hub.now + 10_000;
    hub.onRequests((process, { operation }) => {
      if (process === worker && operation === "getBlob" && hub.now < until)
        throw new StorageUnavailableError("503");
    });
    const handle = await hub.run(hub.client.startNew(large, "x".repeat(LARGE)));
    await hub.pass(20_000);
    await hub.run(handle.raiseEvent("go"));

    expect(await hub.run(handle.result())).toBe(2 * LARGE);
    expect(await hub.deadLetters()).toEqual([]);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F14: to write the row of an instance is asked again, and the message stays until it has", async () => {
    const hub = await FaultHub.open({ orchestrations: [fan], activities: [add] });
    const worker = hub.spawn();
    const until = hub.now + 10_000;
    hub.onRequests((process, { operation, resource }) => {
      if (process === worker && operation === "writeRow" && resource === INSTANCES && hub.now < until)
        throw new StorageUnavailableError("503");
    });
    const handle = await hub.run(hub.client.startNew(fan, 2));

    expect(await hub.run(handle.result())).toBe(3);
    expect(hub.unfinishedRows()).toHaveLength(1);
    expect(await hub.leftovers()).toEqual([]);
    expect(hub.unfinishedRows()).toEqual([]);
  });

  it("F14: to hide one message does not keep those that came with it", async () => {
    const listening = defineOrchestration("listening", function* (ctx) {
      yield* ctx.waitForExternalEvent("go");
      return "heard";
    });
    const hub = await FaultHub.open(
      { orchestrations: [nap, listening] },
      { maxTimerHide: "10s", timerChunk: "10s", leaseRenewInterval: "10s" },
    );
    const worker = hub.spawn();
    const sleeper = await hub.run(hub.client.startNew(nap, 60_000));
    const listener = await hub.run(hub.client.startNew(listening));
    await hub.pass(9000);
    worker.pausedUntil = hub.now + 3000; // what comes meanwhile comes at once
    await hub.pass(1500);
    await hub.run(listener.raiseEvent("go"));
    let failures = 0;
    const end = hub.onRequests((process, { operation }) => {
      if (process !== worker || operation !== "updateMessage") return;
      failures++;
      throw new StorageUnavailableError("503");
    });
    await hub.pass(3000);
    end();

    expect(failures).toBe(1);
    expect((await hub.run(listener.status())).status).toBe("Completed");
    expect((await hub.run(sleeper.waitForCompletion())).status).toBe("Completed");
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F16: on a batch that is too large is never asked: it goes in parts, of which nothing shows until the last", async () => {
    const hub = await FaultHub.open({ orchestrations: [fan], activities: [add] });
    const worker = hub.spawn();
    let parts = 0;
    let historyBetween: unknown;
    hub.once(
      worker,
      "after",
      (request) => isCommit(request) && ++parts === 2,
      () => {
        worker.kill();
        historyBetween = hub.rows(HISTORY)?.length;
      },
    );
    const handle = await hub.run(hub.client.startNew(fan, 300));
    await hub.pass(2000);

    expect(historyBetween).toBeGreaterThan(100);
    expect(await hub.run(handle.history())).toEqual([]);
    expect((await hub.run(handle.status())).status).toBe("Pending");

    hub.spawn();
    expect(await hub.run(handle.result())).toBe((300 * 301) / 2);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F17: between a blob and the row that names it leaves no row without its blob, and no blob after a purge", async () => {
    const hub = await FaultHub.open({ orchestrations: [large], activities: [enlarge] });
    const worker = hub.spawn();
    let blobsAtDeath = 0;
    hub.once(worker, "before", isCommit, () => {
      worker.kill();
      blobsAtDeath = hub.blobs().length;
      hub.spawn();
    });
    const handle = await hub.run(hub.client.startNew(large, "x".repeat(LARGE)));
    const before = hub.blobs().length;
    await hub.pass(20_000);
    await hub.run(handle.raiseEvent("go"));

    expect(await hub.run(handle.result())).toBe(2 * LARGE);
    expect(blobsAtDeath).toBeGreaterThan(before);
    const named = [...(hub.rows(HISTORY) ?? []), ...(hub.rows(INSTANCES) ?? [])].flatMap((row) =>
      Object.entries(row).flatMap(([column, name]) => (column.endsWith("BlobName") && name ? [name] : [])),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !hub.blobs().includes(String(name)))).toEqual([]);
    expect(await hub.leftovers()).toEqual([]);
    await hub.run(handle.purge());
    expect(hub.blobs()).toEqual([]);
  });

  it.each([
    ["60 seconds", 60_000],
    ["10 minutes", 600_000],
  ])("F18: for %s loses no timer, and is not overrun when it is back", async (_name, downMs) => {
    const hub = await FaultHub.open({ orchestrations: [nap] }, { partitionCount: 4 });
    const workers = [hub.spawn(), hub.spawn()];
    const handles: InstanceHandle<number>[] = [];
    const started = hub.now;
    for (let n = 0; n < 100; n++)
      handles.push(await hub.run(hub.client.startNew(nap, 10_000 + (n * (downMs + 20_000)) / 100)));
    await hub.pass(started + 12_000 - hub.now);
    const downUntil = hub.now + downMs;
    const perSecond = new Map<number, number>();
    const end = hub.onRequests((process, _request, when) => {
      if (when === "after" || process === hub.clientProcess) return;
      const second = Math.floor(hub.now / 1000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      if (hub.now < downUntil) throw new StorageUnavailableError("down");
    });
    await hub.pass(downMs - 1000);
    const statuses = await hub.run(Promise.all(handles.map((handle) => handle.status())));
    expect(statuses.filter(({ status }) => status === "Completed").length).toBeLessThan(10);
    const waiting = handles.map((handle) => handle.waitForCompletion({ timeout: "1h" }));
    const ends = await hub.run(Promise.all(waiting), 10_000_000);
    end();

    const dues = handles.map((_handle, n) => started + 10_000 + (n * (downMs + 20_000)) / 100);
    const lateness = ends.map(({ completedAt }, n) => {
      const earliest = Math.max(dues[n] ?? 0, downUntil);
      return (completedAt?.getTime() ?? Number.NaN) - earliest;
    });
    expect(Math.max(...lateness)).toBeLessThan(45_000);
    expect(ends.every(({ output }, n) => (output ?? 0) >= (dues[n] ?? 0))).toBe(true);
    expect(Math.max(...perSecond.values())).toBeLessThan(600);
    expect(workers.some(({ isDead }) => isDead)).toBe(false);
    expect(await hub.leftovers()).toEqual([]);
    expect(await hub.deadLetters()).toEqual([]);
  });

  it.skip("F33 (skipped: rebuilding queues and the instance table from history is not built): deleted queues come back", () =>
    undefined);

  it("F34: with a damaged blob sets aside that instance alone, and it can go on once the blob is whole", async () => {
    const hub = await FaultHub.open(
      { orchestrations: [large, fan], activities: [enlarge, add] },
      { maxDeliveryCount: 4 },
    );
    const first = hub.spawn();
    const damaged = await hub.run(hub.client.startNew(large, "x".repeat(LARGE)));
    await hub.pass(5000);
    await hub.stop(first);
    const blob = hub.blobs().find((name) => name.includes("TaskCompleted"))!;
    const container = hub.hub.storage.container(BLOBS);
    const whole = (await hub.run(container.get(blob)))!;
    const flipped = Uint8Array.from(whole, (byte, index) =>
      index === whole.length >> 1 ? byte ^ 0xff : byte,
    );
    for (const bad of [whole.slice(0, 40), flipped]) {
      await hub.run(container.put(blob, bad));
      await expect(hub.run(damaged.history())).rejects.toMatchObject({ code: "CorruptStorage" });
    }

    const second = hub.spawn();
    await hub.run(damaged.raiseEvent("go"));
    const other = await hub.run(hub.client.startNew(fan, 3));
    expect(await hub.run(other.result())).toBe(6);
    await hub.pass(300_000);
    const letters = await hub.deadLetters();
    expect(letters).toMatchObject([{ instanceId: damaged.instanceId }]);
    expect(letters[0]?.reason).toContain(blob);

    await hub.run(container.put(blob, whole));
    await hub.run(hub.client.deadLetters.redrive(letters[0]!.id));
    expect(await hub.run(damaged.result())).toBe(2 * LARGE);
    expect(second.isDead).toBe(false);
    expect(await hub.leftovers()).toEqual([]);
  });

  it("F34: while not even a dead letter can be written keeps the message until one can", async () => {
    const hub = await FaultHub.open({ orchestrations: [nap] }, { maxDeliveryCount: 2 });
    const worker = hub.spawn();
    const until = hub.now + 100_000;
    hub.onRequests((process, { operation, resource }) => {
      if (process !== worker) return;
      const isLetter = operation === "writeRow" && resource === DEAD_LETTERS;
      if (operation === "transaction" && resource === HISTORY) throw new Error("no row can be written");
      if (isLetter && hub.now < until) throw new StorageUnavailableError("503");
    });
    await hub.run(hub.client.startNew(nap, 1000));
    await hub.pass(90_000);
    expect(await hub.deadLetters()).toEqual([]);

    expect(await hub.leftovers()).toEqual([]);
    expect(await hub.deadLetters()).toHaveLength(1);
  });

  it("F34: with a history row too few, or a message that is none, says so and does nothing else", async () => {
    const hub = await FaultHub.open({ orchestrations: [nap] }, { maxDeliveryCount: 4 });
    const first = hub.spawn();
    const handle = await hub.run(hub.client.startNew(nap, 60_000));
    await hub.pass(2000);
    await hub.stop(first);
    const row = hub.rows(HISTORY).find(({ rowKey }) => rowKey !== "sentinel")!;
    const { partitionKey, rowKey } = row;
    await hub.run(hub.hub.storage.table(HISTORY).write({ kind: "delete", partitionKey, rowKey }));
    await hub.run(hub.hub.storage.queue("simulated-control-00").put("{ no JSON", 0));
    hub.spawn();
    await hub.pass(400_000);

    const letters = await hub.deadLetters();
    expect(letters.map(({ reason }) => reason).sort()).toEqual([
      "A queue message is not a JSON object.",
      `Instance '${handle.instanceId}' should have 3 history rows and has 2.`,
    ]);
    expect(await hub.leftovers()).toEqual([]);
  });
});
