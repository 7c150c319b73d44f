/** What is found in a file with real processes, in real time. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "@perdure/client";
import type { DoctorOptions } from "@perdure/client";
import { defineActivity, defineOrchestration, silentLogger } from "@perdure/core";
import type { Finding } from "@perdure/core";
import { Worker } from "@perdure/worker";
import { EmbeddedBackend } from "../src";
import { ProcessPool } from "./processes/process-pool";
import { RemoteBackend } from "./processes/remote-backend";
import { RemoteProcess } from "./processes/remote-process";

const slow = defineActivity("slow", async (_ctx, ms: number) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return ms;
});
const works = defineOrchestration("works", function* (ctx, ms: number) {
  yield* ctx.createTimer(50);
  return yield* ctx.all([ctx.callActivity(slow, ms), ctx.callSubOrchestrator(leaf, ms)]);
});
const leaf = defineOrchestration("leaf", function* (ctx, ms: number) {
  return yield* ctx.callActivity(slow, ms);
});
const waits = defineOrchestration("waits", function* (ctx) {
  return yield* ctx.waitForExternalEvent("go", { timeout: "30d" });
});
const code = { orchestrations: [works, leaf, waits], activities: [slow], logger: silentLogger };

const pool = new ProcessPool();
let folder: string;
const stops: (() => Promise<void>)[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "perdure-diagnosis-"));
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  rmSync(folder, { recursive: true });
});

afterAll(() => pool.end());

function open(
  name: string,
  options: { readonly partitionCount?: number; readonly lockMs?: number } = {},
): EmbeddedBackend {
  const backend = new EmbeddedBackend({ path: path.join(folder, name), ...options });
  stops.push(() => backend.stop());
  return backend;
}

it("the partitions of a killed process are found and freed", async () => {
  const options = { partitionCount: 3, lockMs: 60_000 };
  const victim = new RemoteProcess(pool);
  const doomed = new RemoteBackend(victim);
  await doomed.open({ ...options, path: path.join(folder, "hub.perdure") });
  const backend = open("hub.perdure", options);
  const client = new Client(backend);
  await client.startNew(waits, undefined, { instanceId: "a" });

  expect(await found(client)).toEqual([]); // nobody has asked for work there, but its owner lives
  await victim.kill();
  const explained = await client.explain("a");
  const findings = await found(client);
  const fixed = await found(client, { fix: true });

  expect(explained).toMatchObject({ status: "Pending", owner: { isAlive: false } });
  expect(explained.verdict).toMatch(/has a message to process, and no worker is there/);
  expect(findings).toMatchObject([
    { kind: "StuckLease", severity: "warning", subject: { type: "partition", id: "0,1,2" }, fixable: true },
  ]);
  expect(fixed[0]?.fix).toEqual({ done: true, message: "Freed 3 partitions; whoever works takes them now." });
  expect((await backend.diagnostics.partitions()).map(({ owner }) => owner)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
}, 60_000);

it("nothing is found while hundreds of instances run, and they are not slowed down for good", async () => {
  const backend = open("busy.perdure", { lockMs: 3000 });
  const worker = new Worker(backend, code);
  await worker.start();
  stops.push(() => worker.stop());
  const client = new Client(backend);
  const handles = await Promise.all(
    Array.from({ length: 200 }, (_, n) => client.startNew(works, 5 + (n % 40))),
  );
  await Promise.all(Array.from({ length: 100 }, () => client.startNew(waits)));

  const findings: Finding[] = [];
  for (let look = 0; look < 5; look++) findings.push(...(await found(client, { grace: 300 })));
  await Promise.all(handles.map((handle) => handle.waitForCompletion({ timeout: "20s" })));
  await new Promise((resolve) => setTimeout(resolve, 500));
  findings.push(...(await found(client, { grace: 300 })));

  expect(findings).toEqual([]);
}, 60_000);

async function found(client: Client, options: DoctorOptions = {}): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of client.doctor(options)) findings.push(finding);
  return findings;
}
