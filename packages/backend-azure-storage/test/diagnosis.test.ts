import { Client } from "@perdure/client";
import type { DoctorOptions } from "@perdure/client";
import {
  StorageAccessDeniedError,
  VirtualClock,
  defineActivity,
  defineOrchestration,
  silentLogger,
} from "@perdure/core";
import type { Finding } from "@perdure/core";
import { Worker } from "@perdure/worker";
import { hostname } from "node:os";
import { AzureStorageBackend } from "../src/backend";
import { LeaseTable } from "../src/lease-table";
import { hubNames } from "../src/names";
import { connectStorage } from "../src/storage/azure-storage";
import { SimulatedStorage } from "./simulated-storage";
import { keepMoving } from "./support/keep-moving";
import { Mortal } from "./support/mortal";

const NAMES = hubNames("Sick");
const echo = defineOrchestration("echo", function* (_ctx, input: string) {
  return input;
});

describe("a hub in simulated storage", () => {
  let clock: VirtualClock;
  let storage: SimulatedStorage;
  let backend: AzureStorageBackend;
  let stopTime: () => Promise<void>;

  beforeEach(async () => {
    clock = new VirtualClock();
    storage = new SimulatedStorage(clock);
    stopTime = keepMoving(clock);
    backend = another();
    await backend.createTaskHub();
  });

  afterEach(async () => {
    await backend.stop();
    await stopTime();
  });

  function another(
    options: { readonly workerId?: string; readonly partitionCount?: number } = {},
  ): AzureStorageBackend {
    return new AzureStorageBackend({
      ...{ taskHub: "Sick", storage: storage.connect(), clock, partitionCount: 2 },
      ...options,
    });
  }

  function doctor(options: DoctorOptions = {}): Promise<readonly Finding[]> {
    return found(new Client(backend, { clock }), options);
  }

  it("is found whole, and nothing is written", async () => {
    const before = JSON.stringify(storage.snapshot());

    expect(await doctor()).toEqual([]);

    expect(JSON.stringify(storage.snapshot())).toBe(before);
  });

  it("has parts that are missing, which are created again", async () => {
    await storage.queue(NAMES.control(1)).deleteIfPresent();
    await storage.table(NAMES.instances).deleteIfPresent();

    const findings = await doctor();
    const fixed = await doctor({ fix: true });

    expect(findings).toMatchObject([
      { kind: "StorageIncomplete", subject: { type: "table", id: NAMES.instances }, fixable: true },
      { kind: "StorageIncomplete", subject: { type: "queue", id: NAMES.control(1) }, fixable: true },
    ]);
    expect(fixed[0]?.fix).toMatchObject({ done: true });
    expect(await doctor()).toEqual([]);
  });

  it("is not divided anew because the table that says how is missing", async () => {
    await backend.stop();
    backend = new AzureStorageBackend({ taskHub: "Sick", storage: storage.connect(), clock });
    await storage.table(NAMES.partitions).deleteIfPresent();

    const [finding] = await doctor({ fix: true });

    expect(finding).toMatchObject({ kind: "StorageIncomplete", fixable: false });
    expect(finding?.advice).toMatch(/partitionCount/);
  });

  it("frees the lease of a process of this machine that is gone", async () => {
    const leases = new LeaseTable(storage.table(NAMES.partitions), NAMES);
    const owner = `${hostname()}-${2 ** 22 + 1}-0123abcd`; // no process has such an id
    const rows = await leases.readAll();
    await leases.update(
      rows.map((row) => ({ row, change: { owner, epoch: 1, expiresAt: clock.now() + 30_000 } })),
    );

    const findings = await doctor();
    const fixed = await doctor({ fix: true });

    expect(findings).toMatchObject([{ kind: "StuckLease" }, { kind: "StuckLease", subject: { id: "1" } }]);
    expect(findings[0]?.message).toMatch(/a process of this machine that is gone/);
    expect(fixed.map(({ fix }) => fix?.done)).toEqual([true, true]);
    expect((await leases.readAll()).map((row) => row.owner)).toEqual(["", ""]);
  });

  it("may be read by an identity that may not write, which is told and looks on", async () => {
    await new Client(backend, { clock }).startNew(echo, "a", { instanceId: "waits" });
    await clock.sleep(90_000);
    const mayNot = new Set([
      "writeRow",
      "transaction",
      "putMessage",
      "deleteMessage",
      "putBlob",
      "deleteBlob",
    ]);
    const reader = storage.connect({
      beforeRequest: ({ operation }) => {
        if (mayNot.has(operation)) throw new StorageAccessDeniedError("refused");
      },
    });
    const readOnly = new AzureStorageBackend({ taskHub: "Sick", storage: reader, clock });

    const findings = await found(new Client(readOnly, { clock }), {});

    const [last, ...rights] = [...findings].reverse();
    expect(last).toMatchObject({ kind: "NoWorker" });
    expect(rights).toHaveLength(8); // four tables, three queues, one container
    for (const finding of rights)
      expect(finding).toMatchObject({ kind: "StorageAccessDenied", severity: "warning", fixable: false });
  });

  it("leaves alone the blobs of a message that may be on its way", async () => {
    const client = new Client(backend, { clock });
    await client.startNew(echo, "x".repeat(100_000), { instanceId: "large" });
    await clock.sleep(3 * 3_600_000);
    const blobs = storage.snapshot().containers[NAMES.largeMessages];
    const row = await storage.table(NAMES.instances).get("large", "");
    await storage
      .table(NAMES.instances)
      .write({ kind: "delete", partitionKey: "large", rowKey: "", etag: row?.etag ?? "" });

    const findings = await doctor({ fix: true });

    expect(findings).toEqual([]);
    expect(storage.snapshot().containers[NAMES.largeMessages]).toEqual(blobs);
  });

  it("holds what a dead owner ran in memory until its next owner has it", async () => {
    const work = defineActivity("work", async (ctx) => {
      if (first.signal.aborted) return "again";
      await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
      throw new Error("the process is dead");
    });
    const works = defineOrchestration("works", function* (ctx) {
      return yield* ctx.callActivity(work);
    });
    const first = new AbortController();
    const code = { orchestrations: [works], activities: [work], logger: silentLogger };
    const mortal = new Mortal(clock, storage.connect());
    const doomed = new AzureStorageBackend({
      ...{ taskHub: "Sick", storage: mortal.connection, clock: mortal },
      messageVisibility: "10m", // longer than its lease
    });
    await new Worker(doomed, { ...code, clock: mortal }).start();
    const client = new Client(backend, { clock });
    const handle = await client.startNew(works);
    await handle.waitForStart();
    await clock.sleep(120_000);
    expect((await client.explain(handle.instanceId)).waitsFor).toMatchObject([
      { kind: "activity", state: "held" },
    ]);

    mortal.die();
    first.abort();
    const worker = new Worker(backend, { ...code, clock });
    await worker.start();
    const findings: Finding[] = [];
    for (let look = 0; look < 200; look++) {
      findings.push(...(await doctor()).filter(({ kind }) => kind === "LostMessage"));
      await clock.sleep(3000);
    }

    expect(findings).toEqual([]);
    expect(await handle.result()).toBe("again");
    await worker.stop();
  });

  it("completes what a client left half done: a row without its message", async () => {
    const client = new Client(backend, { clock });
    const handle = await client.startNew(echo, "x".repeat(100_000));
    for (const queue of [NAMES.control(0), NAMES.control(1)]) {
      await storage.queue(queue).deleteIfPresent();
      await storage.queue(queue).createIfMissing();
    }
    const worker = new Worker(backend, { orchestrations: [echo], clock, logger: silentLogger });
    await worker.start();
    await clock.sleep(90_000);

    const [finding] = await doctor({ fix: true });

    expect(finding).toMatchObject({
      kind: "LostMessage",
      instanceId: handle.instanceId,
      fix: { done: true },
    });
    expect(await handle.result()).toHaveLength(100_000);
    await worker.stop();
  });
});

describe("a key that is not the account's", () => {
  it("is told once, without the key", async () => {
    const connectionString = process.env["PERDURE_TEST_STORAGE"] ?? "";
    const wrong = connectionString.replace(/AccountKey=[^;]*/, "AccountKey=d3Jvbmc=");
    const backend = new AzureStorageBackend({
      taskHub: "Sick",
      storage: connectStorage({ connectionString: wrong }),
    });

    const findings = await found(new Client(backend), {});
    await backend.stop();

    expect(findings).toMatchObject([{ kind: "StorageAccessDenied", severity: "error", fixable: false }]);
    expect(JSON.stringify(findings)).not.toMatch(/d3Jvbmc|SharedKey/);
  });
});

async function found(client: Client, options: DoctorOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of client.doctor(options)) findings.push(finding);
  return findings;
}
