/** The faults, one phase each. */
import { setTimeout as sleep } from "node:timers/promises";
import { readExecutions } from "../crash/execution-log";
import type { Gate } from "../crash/gate";
import type { Load } from "../crash/load";
import type { Random } from "../crash/random";
import type { WorkerPool } from "../crash/worker-pool";
import type { Fault } from "./analysis";
import { planBlocker } from "./blocker";
import type { Emulator } from "./emulator";

export interface ChaosOptions {
  readonly seed: number;
  readonly pace: number;
  /** Seconds. */
  readonly outage: number;
  /** Seconds. */
  readonly block: number;
}

/** What a phase works on, all up and busy. */
export interface Scene extends ChaosOptions {
  readonly random: Random;
  readonly pool: WorkerPool;
  readonly load: Load;
  readonly emulator: Emulator;
  /** Keeps the clients away from storage. */
  readonly gate: Gate;
  readonly folder: string;
  readonly signal: AbortSignal;
}

export interface Phase {
  readonly name: string;
  /** Whether others must go on with the work while the fault lasts. */
  readonly isTakenOver: boolean;
  /** Resolves with what was done, when it is over. */
  inject(scene: Scene): Promise<readonly Fault[]>;
}

const KILLS = 8;
const PAUSES = 3;
/** Longer than a lease of 3 seconds and than the 6 for which a message is hidden. */
const PAUSE_MS = 10_000;
const BETWEEN_MS = 2500;
const LOOK_EVERY_MS = 100;

export const PHASES: readonly Phase[] = [
  { name: "killed (SIGKILL)", isTakenOver: true, inject: kill },
  { name: "paused (SIGSTOP, SIGCONT)", isTakenOver: true, inject: pause },
  { name: "storage away, its data kept", isTakenOver: false, inject: takeStorageAway },
  { name: "event loop blocked", isTakenOver: true, inject: block },
];

async function kill({ pool, random, pace, signal }: Scene): Promise<readonly Fault[]> {
  while (pool.kills.length < KILLS && !signal.aborted) {
    await sleep(BETWEEN_MS * pace);
    if (pool.allUp) pool.killOne(random);
  }
  return pool.kills.map(({ workerId, at }) => ({ workerId, at, until: Number.POSITIVE_INFINITY }));
}

async function pause({ pool, random, pace, signal }: Scene): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
  while (faults.length < PAUSES && !signal.aborted) {
    await sleep(BETWEEN_MS * pace);
    const fault = await pool.pauseOne(random, PAUSE_MS * pace);
    if (fault) faults.push(fault);
  }
  await sleep(BETWEEN_MS * pace); // what the last one does when it wakes must be seen, too
  return faults;
}

async function takeStorageAway({ emulator, gate, outage, pace }: Scene): Promise<readonly Fault[]> {
  await sleep(3 * BETWEEN_MS * pace);
  await gate.close();
  const at = Date.now();
  await emulator.stop();
  await sleep(outage * 1000);
  await emulator.restart();
  const until = Date.now();
  gate.open();
  await sleep(2 * BETWEEN_MS * pace);
  return [{ workerId: undefined, at, until }];
}

async function block({ load, folder, block: seconds, pace, signal }: Scene): Promise<readonly Fault[]> {
  await sleep(BETWEEN_MS * pace);
  const run = planBlocker("blocker", seconds * 1000);
  await load.startRun(run);
  for (;;) {
    const first = readExecutions(folder).find(({ key }) => key === run.keys[0]);
    if (first) {
      await sleep(seconds * 1000 + BETWEEN_MS * pace);
      return [{ workerId: first.workerId, at: first.at, until: first.at + seconds * 1000 }];
    }
    if (signal.aborted) return [];
    await sleep(LOOK_EVERY_MS);
  }
}
