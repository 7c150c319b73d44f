/** What a crash could have done to the file must not pass: each test damages a hub in one way. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EmbeddedBackend } from "@perdure/backend-embedded";
import { Client, Worker, defineActivity, defineEvent, defineOrchestration, silentLogger } from "perdure";
import type { HistoryEvent } from "perdure";
import { HubFile, historyOf, keys, parseRow, under } from "../crash/embedded/internals";
import type { Key } from "../crash/embedded/internals";
import { Invariants } from "../crash/embedded/invariants";

const folder = mkdtempSync(path.join(tmpdir(), "perdure-invariants-"));
const file = path.join(folder, "hub.perdure");

const go = defineEvent<number>("go");
const child = defineOrchestration("child", function* (ctx) {
  return yield* ctx.waitForExternalEvent(go);
});
const sleeper = defineOrchestration("sleeper", function* (ctx) {
  yield* ctx.createTimer("1d");
});
const caller = defineOrchestration("caller", function* (ctx) {
  return yield* ctx.callActivity<number>("never");
});
const parent = defineOrchestration("parent", function* (ctx) {
  const started = ctx.callSubOrchestrator(child, undefined, { instanceId: "the-child" });
  ctx.sendEvent("other-child", go, 1);
  return yield* started;
});
const done = defineOrchestration("done", function* (ctx) {
  return yield* ctx.callActivity<number>("quick");
});

let hub: HubFile;
let backend: EmbeddedBackend;

/** A hub in which one instance waits for each thing there is, as a worker's death leaves it. */
beforeAll(async () => {
  backend = new EmbeddedBackend({ path: file, partitionCount: 2, relaxedDurability: true });
  let begun = (): void => undefined;
  const isRunning = new Promise<void>((resolve) => (begun = resolve));
  const activities = [
    defineActivity("never", () => {
      begun();
      return new Promise<number>(() => undefined);
    }),
    defineActivity("quick", () => 1),
  ];
  const orchestrations = [child, sleeper, caller, parent, done];
  const worker = new Worker(backend, {
    orchestrations,
    activities,
    logger: silentLogger,
    shutdownTimeout: 1,
  });
  const client = new Client(backend);
  await worker.start();
  await client.startNew(child, undefined, { instanceId: "other-child" });
  for (const each of [sleeper, caller, parent])
    await client.startNew(each.name, undefined, { instanceId: each.name });
  const finished = await client.startNew(done, undefined, { instanceId: "done" });
  await finished.result();
  await client.instance("other-child").waitForCompletion();
  await isRunning;
  hub = HubFile.open(file, true);
  while (!hub.get(keys.state("the-child"))?.includes("Running"))
    await new Promise((resolve) => setTimeout(resolve, 5));
  await backend.crash();
  const other = new EmbeddedBackend({ path: file, relaxedDurability: true });
  await new Client(other).startNew(sleeper, undefined, { instanceId: "pending" });
  await other.stop();
});

afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

it("finds nothing wrong with a hub whose worker has died", () => {
  const { faults, instances, waiting } = new Invariants(hub).check();

  expect(faults).toEqual([]);
  expect(instances).toBe(7);
  expect(waiting).toBeGreaterThanOrEqual(3); // a timer, an anchor, a start
});

it("finds what is left", () => {
  expect(new Invariants(hub).restFaults()).not.toEqual([]);
  expect(new Invariants(hub).purgedFaults()).toHaveLength(3);
});

describe("finds", () => {
  const timerKey = (): Key => hub.keysIn(under("timer"))[0]!;
  const changed = (key: Key, change: (text: string) => string) => () =>
    hub.put(key, change(hub.get(key) ?? ""));
  const move = (from: Key, to: Key): void => {
    hub.put(to, hub.get(from) ?? "");
    hub.remove(from);
  };
  const activityOf = (instanceId: string): string => {
    const { executionId } = parseRow(hub.get(keys.state(instanceId))!).state!;
    return JSON.stringify([0, { id: `${executionId}/0`, instanceId, executionId, taskScheduledId: 0 }]);
  };

  it.each<[string, string, () => void]>([
    [
      "a row of an index that is missing",
      "the index lacks",
      () => hub.remove(indexRow("by-status", "sleeper")),
    ],
    ["a row of an index for nobody", "The indexes have", () => hub.put(["by-name", "x", 1, "nobody"], "")],
    [
      "a row of history that is missing",
      "1 turns, its history rows",
      () => hub.remove(keys.history("sleeper", 0)),
    ],
    ["a history without an instance", "a history and no row", () => hub.put(keys.history("nobody", 0), "[]")],
    [
      "a status that history does not have",
      "its history ends 0 times",
      changed(keys.state("sleeper"), (text) => text.replaceAll("Running", "Completed")),
    ],
    [
      "an end that the status does not have",
      "its history ends 1 times",
      changed(keys.state("done"), (text) => text.replaceAll("Completed", "Running")),
    ],
    [
      "another output",
      "its status is not that of its history",
      changed(keys.state("done"), (text) => text.replace('"output":"1"', '"output":"2"')),
    ],
    ["an instance that is not there", "it has a history and no row", () => hub.remove(keys.state("done"))],
    ["a row that cannot be read", "cannot be read", () => hub.put(keys.state("done"), "1 Completed {")],
    ["a timer that is lost", "is lost", () => hub.remove(timerKey())],
    [
      "a timer that is moved",
      "in the wrong place",
      () => move(timerKey(), [...timerKey().slice(0, 2), 5, timerKey()[3]!]),
    ],
    [
      "a timer for nobody",
      "is for nobody",
      changed(keys.state("sleeper"), (text) => text.replace(/"executionId":"/, '"executionId":"x')),
    ],
    ["an activity that is lost", "its activity", () => hub.remove(hub.keysIn(under("anchor"))[0]!)],
    [
      "an activity that is queued twice",
      "2 times on the queue",
      () => [8, 9].forEach((number) => hub.put(keys.activity(1, number), activityOf("caller"))),
    ],
    [
      "an activity that is queued again",
      "its result in the history",
      () => hub.put(keys.activity(1, 1), activityOf("done")),
    ],
    ["a message that comes again", "is in its history and waits", () => repeat("done")],
    ["a child that is lost", "its child 'the-child' is lost", () => removeInstance("the-child")],
    ["an event that is lost", "its event", () => removeInstance("other-child")],
    [
      "a start that is lost",
      "does not wait to be delivered",
      () => hub.remove(hub.keysIn(under("inbox"))[0]!),
    ],
    [
      "a message for nobody",
      "it is not there, nor its start",
      () =>
        hub.put(
          keys.inbox(0, "nobody", 1),
          JSON.stringify([0, 0, 0, { id: "m", instanceId: "nobody", event: { type: "EventRaised" } }]),
        ),
    ],
    [
      "a message in the wrong partition",
      "is in partition 7",
      () => move(hub.keysIn(under("inbox"))[0]!, ["inbox", 7, ...hub.keysIn(under("inbox"))[0]!.slice(2)]),
    ],
    [
      "an anchor of one that has ended",
      "it is anchored and does not run",
      () => hub.put(keys.anchor(0, "done"), ""),
    ],
    ["a number given twice", "is the last given", () => hub.put(keys.sequence, "0")],
  ])("%s", async (_what, fault, damage) => {
    let faults: readonly string[] = [];
    const damaging = hub.transact(() => {
      damage();
      faults = new Invariants(hub).check().faults;
      throw new Error("nothing of this stays");
    });

    await expect(damaging).rejects.toThrow("nothing of this stays");
    expect(faults).toContainEqual(expect.stringContaining(fault));
    expect(new Invariants(hub).check().faults).toEqual([]);
  });

  function indexRow(index: string, instanceId: string): Key {
    return hub.keysIn(under(index)).find((key) => key[3] === instanceId)!;
  }

  function repeat(instanceId: string): void {
    const history = hub
      .rows(historyOf(instanceId))
      .flatMap(({ value }) => JSON.parse(value) as readonly HistoryEvent[]);
    const { messageId, ...event } = history.find((each) => each.messageId !== undefined)!;
    hub.put(
      keys.inbox(hub.partitionOf(instanceId), instanceId, 1),
      JSON.stringify([0, 0, 0, { id: messageId, instanceId, event }]),
    );
  }

  function removeInstance(instanceId: string): void {
    for (const key of [
      keys.state(instanceId),
      indexRow("by-status", instanceId),
      indexRow("by-name", instanceId),
    ])
      hub.remove(key);
    for (const key of hub.keysIn(historyOf(instanceId))) hub.remove(key);
  }
});
