/**
 * Every crash there is, one at a time: each scenario runs once without a fault, which tells the storage requests its
 * worker makes from its start until all is quiet, and then twice for each of them, the worker killed right before it
 * and right after it. Another worker goes on, and the outcome must be that of the run without a fault.
 *
 * A request that storage refuses has changed nothing: it has no point after it. Blobs that a dead worker had written
 * for a commit it never made may stay, but no longer than their instance: a purge leaves nothing.
 */
import { defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import type { Client, InstanceHandle } from "@perdure/client";
import type { SimulatedRequest, StorageSnapshot } from "./simulated-storage";
import { SimulatedHub } from "./support/simulated-hub";

const LARGE = 50_000; // characters: too long for a column, and for a queue message

const add = defineActivity("add", (_ctx, n: number) => n + 1);
const failOnce = defineActivity("failOnce", (ctx, n: number) => {
  if (ctx.attempt === 1) throw new Error("not yet");
  return n;
});
const enlarge = defineActivity("enlarge", (_ctx, text: string) => text + text);
const go = defineEvent<number>("go");

const sequence = defineOrchestration("sequence", function* (ctx, n: number) {
  let sum = n;
  for (let i = 0; i < 3; i++) sum = yield* ctx.callActivity(add, sum);
  return sum;
});
const fanOut = defineOrchestration("fanOut", function* (ctx) {
  return yield* ctx.all([1, 2, 3, 4, 5].map((n) => ctx.callActivity(add, n)));
});
const nap = defineOrchestration("nap", function* (ctx) {
  yield* ctx.createTimer("2s");
  return "woke";
});
const timerRace = defineOrchestration("timerRace", function* (ctx) {
  const deadline = ctx.createTimer("20s");
  const winner = yield* ctx.any([deadline, ctx.callActivity(add, 1)]);
  return winner === deadline ? "late" : "in time";
});
const waiter = defineOrchestration("waiter", function* (ctx) {
  return yield* ctx.waitForExternalEvent(go);
});
const parent = defineOrchestration("parent", function* (ctx) {
  return yield* ctx.callSubOrchestrator(sequence, 10);
});
const generations = defineOrchestration("generations", function* (ctx, seen: readonly number[]) {
  const all = [...seen, yield* ctx.waitForExternalEvent(go)];
  return all.length < 3 ? yield* ctx.continueAsNew(all) : all;
});
const endless = defineOrchestration("endless", function* (ctx) {
  yield* ctx.callActivity(add, 1);
  yield* ctx.waitForExternalEvent("never");
});
const large = defineOrchestration("large", function* (ctx, text: string) {
  return yield* ctx.callActivity(enlarge, text);
});
const retried = defineOrchestration("retried", function* (ctx) {
  return yield* ctx.callActivity(failOnce, 7, { retry: { maxAttempts: 3, firstRetryInterval: "1s" } });
});
const sender = defineOrchestration("sender", function* (ctx) {
  ctx.sendEvent("receiver", go, 5);
  return "sent";
});

const registrations = {
  orchestrations: [
    ...[sequence, fanOut, nap, timerRace, waiter, parent],
    ...[generations, endless, large, retried, sender],
  ],
  activities: [add, failOnce, enlarge],
};

/** What a client does. Resolves with what must be the same whenever a worker dies. */
type Script = (client: Client, sleep: (ms: number) => Promise<void>) => Promise<unknown>;

const WAIT = { timeout: "10m" } as const;

async function ended(handle: InstanceHandle): Promise<unknown> {
  const { status, output, failure } = await handle.waitForCompletion(WAIT);
  return { status, output, failure: failure?.errorMessage };
}

const scenarios: Readonly<Record<string, Script>> = {
  "three activities, one after another": async (client) => ended(await client.startNew(sequence, 0)),
  "fan-out of five": async (client) => ended(await client.startNew(fanOut)),
  "a short timer": async (client) => ended(await client.startNew(nap)),
  "a timer that loses a race": async (client) => ended(await client.startNew(timerRace)),
  "an external event": async (client, sleep) => {
    const handle = await client.startNew(waiter);
    await sleep(200);
    await handle.raiseEvent(go, 3);
    return ended(handle);
  },
  "a sub-orchestration": async (client) => ended(await client.startNew(parent)),
  "continue as new with events carried over": async (client, sleep) => {
    const handle = await client.startNew(generations, []);
    for (const n of [1, 2]) await handle.raiseEvent(go, n);
    await sleep(200);
    await handle.raiseEvent(go, 3);
    const { status, output } = await handle.waitForCompletion(WAIT);
    return { status, events: [...(output ?? [])].sort() }; // what a dead worker had in hand comes later
  },
  terminate: async (client, sleep) => {
    const handle = await client.startNew(endless);
    await sleep(200);
    await handle.terminate("enough");
    return ended(handle);
  },
  "suspend and resume": async (client, sleep) => {
    const handle = await client.startNew(nap);
    await sleep(200);
    await handle.suspend("a moment");
    await sleep(200);
    await handle.resume();
    return ended(handle);
  },
  "a large payload": async (client) => {
    const { status, output } = await (
      await client.startNew(large, "x".repeat(LARGE))
    ).waitForCompletion(WAIT);
    return { status, length: output?.length };
  },
  "a retry after a failure": async (client) => ended(await client.startNew(retried)),
  "an event to another instance": async (client) => {
    const receiver = await client.startNew(waiter, undefined, { instanceId: "receiver" });
    return [await ended(await client.startNew(sender)), await ended(receiver)];
  },
};

interface CrashPoint {
  readonly request: SimulatedRequest;
  readonly when: "before" | "after";
}

interface Outcome {
  readonly result: unknown;
  /** Of the worker that was there first, until all was quiet. */
  readonly points: readonly CrashPoint[];
  readonly crashed: boolean;
  /** What is wrong in storage at the end. */
  readonly faults: readonly string[];
}

async function play(script: Script, crash?: CrashPoint): Promise<Outcome> {
  const hub = new SimulatedHub(registrations, {
    partitionCount: 1,
    messageVisibility: "4s",
    leaseRenewInterval: "500ms",
    maxPollInterval: "1s",
  });
  const clientProcess = hub.process();
  const first = hub.process();
  const workers = [hub.worker(first)];
  const points: CrashPoint[] = [];
  hub.onRequest = (process, request, when) => {
    if (process !== first || process.isDead) return;
    points.push({ request, when });
    if (crash?.request.number !== request.number || crash.when !== when) return;
    process.kill();
    workers[0] = hub.worker(hub.process());
    void workers[0].start();
  };
  await hub.run(clientProcess.backend.createTaskHub());
  const client = hub.client(clientProcess);
  void workers[0]?.start();
  const result = await hub.run(script(client, (ms) => hub.clock.sleep(ms)));
  await hub.until(() => isQuiet(hub.storage.snapshot()), 120_000);
  const pointsUntilQuiet = [...points];
  await hub.run(Promise.all(workers.map((worker) => worker.stop())));
  const atEnd = hub.storage.snapshot();
  const faults = [...faultsOf(atEnd), ...(crash ? [] : orphansIn(atEnd))];
  await hub.run(client.purgeMany({}));
  faults.push(...remainsIn(hub.storage.snapshot()));
  return { result, points: pointsUntilQuiet, crashed: first.isDead, faults };
}

function isQuiet({ queues, tables }: StorageSnapshot): boolean {
  return (
    Object.values(queues).every((messages) => messages.length === 0) &&
    (tables["SimulatedInstances"] ?? []).every((row) => row["CompletedTime"] instanceof Date)
  );
}

function faultsOf({ queues, tables, containers }: StorageSnapshot): string[] {
  const faults: string[] = [];
  for (const [queue, messages] of Object.entries(queues))
    if (messages.length > 0) faults.push(`${messages.length} messages left in ${queue}`);
  for (const letter of tables["SimulatedDeadLetters"] ?? [])
    faults.push(`dead letter: ${String(letter["Reason"])}`);
  const history = tables["SimulatedHistory"] ?? [];
  const listed = tables["SimulatedInstances"] ?? [];
  for (const sentinel of history.filter(({ rowKey }) => rowKey === "sentinel")) {
    const id = sentinel.partitionKey;
    const row = listed.find(({ partitionKey }) => partitionKey === id);
    for (const column of ["RuntimeStatus", "ExecutionId", "CompletedTime", "FailureDetails"])
      if (String(row?.[column] ?? "") !== String(sentinel[column] ?? ""))
        faults.push(
          `${column} of '${id}' is listed as ${String(row?.[column])}, not ${String(sentinel[column])}`,
        );
    const last = history
      .filter((r) => r.partitionKey === id && r["EventType"] === "ExecutionCompleted")
      .at(-1);
    if (last?.["OrchestrationStatus"] !== sentinel["RuntimeStatus"])
      faults.push(`the history of '${id}' does not end as ${String(sentinel["RuntimeStatus"])}`);
  }
  const blobs = new Set(Object.values(containers).flat());
  for (const blob of namedBlobs(tables))
    if (!blobs.has(blob)) faults.push(`a row names the blob ${blob}, which is gone`);
  return faults;
}

function namedBlobs(tables: StorageSnapshot["tables"]): ReadonlySet<string> {
  const columns = Object.values(tables)
    .flat()
    .flatMap((row) => Object.entries(row));
  const names = columns.filter(([column, name]) => column.endsWith("BlobName") && name !== "");
  return new Set(names.map(([, name]) => String(name)));
}

function orphansIn({ tables, containers }: StorageSnapshot): string[] {
  const named = namedBlobs(tables);
  const orphans = Object.values(containers)
    .flat()
    .filter((blob) => !named.has(blob));
  return orphans.map((blob) => `nothing names the blob ${blob}`);
}

function remainsIn({ tables, containers }: StorageSnapshot): string[] {
  const rows = [...(tables["SimulatedHistory"] ?? []), ...(tables["SimulatedInstances"] ?? [])];
  return [
    ...rows.map(({ partitionKey, rowKey }) => `row ${partitionKey}/${rowKey} survives the purge`),
    ...Object.values(containers)
      .flat()
      .map((blob) => `blob ${blob} survives the purge`),
  ];
}

const report: { scenario: string; points: number; crashes: number; converged: number }[] = [];

afterAll(() => {
  const total = report.reduce((sum, line) => sum + line.crashes, 0);
  const lines = report.map(
    ({ scenario, points, crashes, converged }) =>
      `  ${scenario.padEnd(42)}${[points, crashes, converged].map((n) => String(n).padStart(11)).join("")}`,
  );
  const head = `  ${"scenario".padEnd(42)}     points    crashes  converged`;
  process.stdout.write(`Crash points (${total} crashes)\n${[head, ...lines].join("\n")}\n`);
});

describe("a worker killed before and after every one of its requests", () => {
  beforeEach(() => jest.spyOn(Math, "random").mockReturnValue(0.5)); // polls at the same times in every run
  afterEach(() => jest.restoreAllMocks());

  for (const [scenario, script] of Object.entries(scenarios)) {
    it(`changes nothing in the outcome of ${scenario}`, async () => {
      const calm = await play(script);
      const failures: string[] = [];
      let crashes = 0;
      let converged = 0;
      for (const point of calm.points) {
        const { number, operation, resource } = point.request;
        const where = `${scenario}: killed ${point.when} request ${number}, ${operation} on ${resource}`;
        const { result, crashed, faults } = await play(script, point);
        const wrong = [...faults];
        if (JSON.stringify(result) !== JSON.stringify(calm.result))
          wrong.push(`${JSON.stringify(result)} instead of ${JSON.stringify(calm.result)}`);
        if (!crashed) wrong.push("the request was never made");
        else if (wrong.length === 0) converged++;
        if (crashed) crashes++;
        failures.push(...wrong.map((fault) => `${where}: ${fault}`));
      }
      const points = calm.points.filter(({ when }) => when === "before").length;
      report.push({ scenario, points, crashes, converged });

      expect(calm.faults).toEqual([]);
      expect(failures).toEqual([]);
      expect(converged).toBeGreaterThan(points);
    }, 60_000);
  }
});
