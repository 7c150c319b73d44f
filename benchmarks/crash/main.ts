/**
 * `npm run test:crash`: orchestrations of every kind while the processes that run them are killed, again and again.
 * Every one of them must complete exactly once with the result of a run in which nothing dies.
 */
import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AzureStorageBackend } from "@perdure/backend-azure-storage";
import { Command } from "commander";
import { Client } from "perdure";
import { startAzurite } from "../../scripts/azurite";
import { analyse } from "./analysis";
import { purgeFaults } from "./checks";
import { readExecutions } from "./execution-log";
import { judge } from "./judge";
import { readLeaseRows } from "./lease-rows";
import { Load } from "./load";
import { Random } from "./random";
import { printFaultyRuns, printOutcome } from "./report";
import { TASK_HUB, WORKERS, tuning } from "./tuning";
import { WorkerPool } from "./worker-pool";

interface Options {
  readonly orchestrations: number;
  readonly kills: number;
  readonly seed: number;
  readonly limit: number;
  readonly pace: number;
}

interface Circumstances extends Options {
  readonly folder: string;
  readonly connectionString: string;
  readonly elapsedMs: number;
}

/** Starts come this far apart on average. */
const START_PAUSE_MS = 130;
/** Nothing a crash does takes as long as this. */
const STUCK_AFTER_MS = 45_000;
const KILL_PAUSE_MS = { min: 500, max: 3000 };

async function main(options: Options): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), "perdure-crash-"));
  const azurite = await startAzurite({ inMemory: true, ports: { blob: 0, queue: 0, table: 0 } });
  const { connectionString } = azurite;
  const backend = new AzureStorageBackend({ ...tuning(options.pace), taskHub: TASK_HUB, connectionString });
  const client = new Client(backend);
  await backend.createTaskHub();
  const giveUp = new AbortController();
  setMaxListeners(0, giveUp.signal); // every run that gets events listens
  const timer = setTimeout(() => giveUp.abort(), options.limit * 1000);
  const program = path.join(__dirname, "worker.ts");
  const pool = new WorkerPool(program, { connectionString, folder, pace: options.pace }, () =>
    giveUp.abort(),
  );
  const load = new Load(client, new Random(options.seed), giveUp);

  const elapsedMs = await killWhileRunning(pool, load, options);
  clearTimeout(timer);
  const faults = await report(client, pool, load, { folder, connectionString, elapsedMs, ...options });
  await backend.stop();
  await azurite.stop();

  if (faults.length === 0) {
    rmSync(folder, { recursive: true });
    console.log("\nPassed: every orchestration completed once, with the right result; no dead letters.");
    return true;
  }
  console.error(`\nFailed; what the workers wrote is in ${folder}.`);
  for (const fault of faults) console.error(`- ${fault}`);
  return false;
}

/** Resolves with how long it took until all had ended, or there was no hope. */
async function killWhileRunning(
  pool: WorkerPool,
  load: Load,
  { orchestrations, kills, seed, pace }: Options,
): Promise<number> {
  const startedAt = Date.now();
  const ended = new AbortController();
  pool.start(WORKERS);
  const killing = killNowAndThen(pool, new Random(seed + 1), pace, ended.signal);
  await load.start(
    START_PAUSE_MS * pace,
    () => load.runs.length < orchestrations || pool.kills.length < kills,
  );
  await load.finished(STUCK_AFTER_MS * pace);
  ended.abort();
  await killing;
  const elapsedMs = Date.now() - startedAt;
  await pool.stop();
  return elapsedMs;
}

/** Kills one of the workers, waits until all are up again and a little longer, and so on. */
async function killNowAndThen(
  pool: WorkerPool,
  random: Random,
  pace: number,
  signal: AbortSignal,
): Promise<void> {
  while (await pause(random.between(KILL_PAUSE_MS.min, KILL_PAUSE_MS.max) * pace, signal)) {
    while (!pool.allUp) if (!(await pause(50, signal))) return;
    pool.killOne(random);
  }
}

/** False when the signal has aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal }).catch(() => undefined); // said by the result
  return !signal.aborted;
}

/** Prints what happened and resolves with all that is wrong. */
async function report(
  client: Client,
  pool: WorkerPool,
  load: Load,
  { folder, connectionString, elapsedMs, seed, pace }: Circumstances,
): Promise<readonly string[]> {
  const executions = readExecutions(folder);
  const leaseRows = await readLeaseRows(connectionString);
  const { checked, faulty, faults } = await judge(client, pool, load, executions);
  printOutcome({
    seed,
    pace,
    checked,
    kills: pool.kills.length,
    workersStarted: pool.started,
    leaseRows,
    facts: analyse(executions, pool.kills),
    elapsedMs,
  });
  await printFaultyRuns(client, faulty, leaseRows);
  return faults.length > 0 ? faults : purgeFaults(client);
}

const program = new Command("test:crash")
  .description("Kills workers while orchestrations run and checks that nothing is lost or done twice.")
  .option("--orchestrations <number>", "to start at least", Number, 240)
  .option("--kills <number>", "to make at least", Number, 15)
  .option("--seed <number>", "of what is started and when is killed", Number, Date.now() % 1_000_000)
  .option("--limit <seconds>", "what has not ended by then is stuck", Number, 300)
  .option("--pace <factor>", "multiplies leases and pauses, for a slow or busy machine", Number, 1)
  .parse();

main(program.opts<Options>()).then(
  (passed) => process.exit(passed ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
