/** What a process that is killed had in hand, in real time: others need not wait until its locks run out. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ActivityWorkItem, Backend } from "@perdure/core";
import { EmbeddedBackend } from "../src";
import { ProcessPool } from "./processes/process-pool";
import { RemoteBackend } from "./processes/remote-backend";
import { RemoteProcess } from "./processes/remote-process";

/** Much longer than any test takes. */
const LOCK_MS = 60_000;

const pool = new ProcessPool();
const folder = mkdtempSync(path.join(tmpdir(), "perdure-dead-"));
let heir: EmbeddedBackend;
const options = { partitionCount: 1, lockMs: LOCK_MS, relaxedDurability: true };

afterAll(async () => {
  await heir.stop();
  await pool.end();
  rmSync(folder, { recursive: true });
});

it("an activity that a killed process ran comes to the next process at once, counted", async () => {
  const file = path.join(folder, "activity.perdure");
  const victim = new RemoteProcess(pool);
  const doomed = new RemoteBackend(victim);
  await doomed.open({ ...options, path: file });
  await queueActivity(doomed);
  const first = await lockActivity(doomed);

  await victim.kill();
  heir = new EmbeddedBackend({ ...options, path: file });
  await heir.start();
  const second = await lockActivity(heir);

  expect(second?.message).toEqual(first?.message);
  expect(second?.deliveryCount).toBe(2);
});

/** One that nobody has begun. */
async function queueActivity({ instances, orchestrations }: Backend): Promise<void> {
  const signal = AbortSignal.timeout(5000);
  const event = { type: "ExecutionStarted" as const, timestamp: 1, executionId: "e", name: "o" };
  await instances.create({ id: "e/created", instanceId: "i", event }, []);
  const session = (await orchestrations.lockNext(signal))!;
  await session.load();
  session.takeMessages();
  await session.checkpoint({
    state: {
      instanceId: "i",
      executionId: "e",
      startExecutionId: "e",
      name: "o",
      status: "Running",
      createdAt: 1,
      lastUpdatedAt: 1,
      recentMessageIds: [],
    },
    mode: "replace",
    events: [
      { type: "OrchestratorStarted", timestamp: 1 },
      event,
      { type: "TaskScheduled", timestamp: 1, eventId: 0, name: "a" },
    ],
    localActivities: new Set(),
    cancelledTimers: [],
  });
  await session.release();
}

async function lockActivity({ activities }: Backend): Promise<ActivityWorkItem | undefined> {
  return (await activities.lockNext(1, AbortSignal.timeout(5000)))[0];
}
