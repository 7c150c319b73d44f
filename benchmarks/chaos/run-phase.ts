/** One phase: a hub and an emulator of its own, workers, orchestrations, and a fault. */
import { setMaxListeners } from "node:events";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AzureStorageBackend } from "@perdure/backend-azure-storage";
import { Client } from "perdure";
import { analyse } from "../crash/analysis";
import { purgeFaults } from "../crash/checks";
import type { CheckedRun } from "../crash/checks";
import { type Execution, readExecutions } from "../crash/execution-log";
import { Gate } from "../crash/gate";
import { judge } from "../crash/judge";
import { readLeaseRows } from "../crash/lease-rows";
import { Load } from "../crash/load";
import { Random } from "../crash/random";
import { printFaultyRuns } from "../crash/report";
import { TASK_HUB, WORKERS, tuning } from "../crash/tuning";
import { WorkerPool } from "../crash/worker-pool";
import { type Course, type Fault, longestStallMs, recoveries } from "./analysis";
import { Emulator } from "./emulator";
import type { ChaosOptions, Phase } from "./phases";

export interface PhaseOutcome {
  readonly name: string;
  /** Sub-orchestrations not counted. */
  readonly orchestrations: number;
  readonly injected: number;
  readonly recoveries: number;
  readonly duplicates: number;
  readonly longestStallMs: number;
  readonly elapsedMs: number;
  /** All that is wrong. */
  readonly faults: readonly string[];
}

const START_PAUSE_MS = 200;
const STUCK_AFTER_MS = 45_000;
/** What has not ended by then is stuck; the fault's own time comes on top. */
const LIMIT_MS = 150_000;

export async function runPhase(phase: Phase, folder: string, options: ChaosOptions): Promise<PhaseOutcome> {
  mkdirSync(folder);
  const startedAt = Date.now();
  const emulator = await Emulator.start(folder);
  const { connectionString } = emulator;
  const { seed, pace, outage, block } = options;
  const backend = new AzureStorageBackend({ ...tuning(pace), taskHub: TASK_HUB, connectionString });
  const client = new Client(backend);
  await backend.createTaskHub();
  const giveUp = new AbortController();
  setMaxListeners(0, giveUp.signal); // every run that gets events listens
  const limit = setTimeout(() => giveUp.abort(), LIMIT_MS * pace + (outage + block) * 1000);
  const gate = new Gate();
  const load = new Load(client, new Random(seed), giveUp, gate);
  const pool = new WorkerPool(path.join(__dirname, "worker.ts"), { connectionString, folder, pace }, () =>
    giveUp.abort(),
  );
  const killAll = (): void => pool.killAll();
  process.once("exit", killAll);

  const { signal } = giveUp;
  pool.start(WORKERS);
  await untilUp(pool, signal);
  let isOver = false;
  const random = new Random(seed + 1);
  const injecting = phase
    .inject({ ...options, random, pool, load, emulator, gate, folder, signal })
    .finally(() => (isOver = true));
  const [injected] = await Promise.all([injecting, load.start(START_PAUSE_MS * pace, () => !isOver)]);
  await load.finished(STUCK_AFTER_MS * pace);
  clearTimeout(limit);
  await pool.stop();
  process.off("exit", killAll);

  const executions = readExecutions(folder);
  const { checked, faulty, faults } = await judge(client, pool, load, executions);
  await printFaultyRuns(client, faulty, await readLeaseRows(connectionString));
  const courses = coursesOf(checked, executions);
  const isFelt = !phase.isTakenOver || injected.some((fault) => isTakenOver(fault, courses));
  const all = [
    ...faults,
    ...(injected.length === 0 ? ["No fault was injected."] : []),
    ...(isFelt ? [] : ["No worker took over from one that was away."]),
    ...(faults.length > 0 ? [] : await purgeFaults(client)),
  ];
  await backend.stop();
  await emulator.stop();
  return {
    name: phase.name,
    orchestrations: load.runs.length,
    injected: injected.length,
    recoveries: recoveries(courses, injected).length,
    duplicates: analyse(executions, pool.kills).repeats,
    longestStallMs: longestStallMs(courses),
    elapsedMs: Date.now() - startedAt,
    faults: all,
  };
}

async function untilUp(pool: WorkerPool, signal: AbortSignal): Promise<void> {
  while (!pool.allUp && !signal.aborted) await sleep(50); // a worker tells it only once
}

function isTakenOver(fault: Fault, courses: readonly Course[]): boolean {
  return recoveries(courses, [fault]).some(({ afterMs }) => fault.at + afterMs < fault.until);
}

function coursesOf(checked: readonly CheckedRun[], executions: readonly Execution[]): readonly Course[] {
  const byKey = new Map<string, Execution[]>();
  for (const execution of executions)
    byKey.set(execution.key, [...(byKey.get(execution.key) ?? []), execution]);
  return checked.flatMap(({ run, snapshot }) =>
    snapshot?.completedAt === undefined
      ? []
      : [
          {
            createdAt: snapshot.createdAt.getTime(),
            completedAt: snapshot.completedAt.getTime(),
            executions: run.keys.flatMap((key) => byKey.get(key) ?? []).sort((a, b) => a.at - b.at),
          },
        ],
  );
}
