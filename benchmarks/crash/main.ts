/**
 * `npm run test:crash`: orchestrations of every kind while the processes that run them are killed, again and again.
 * Every one of them must complete exactly once with the result of a run in which nothing dies.
 */
import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "commander";
import { Client } from "perdure";
import { analyse } from "./analysis";
import { openAzurite } from "./azurite-hub";
import { purgeFaults } from "./checks";
import { openEmbedded } from "./embedded/embedded-hub";
import { readExecutions } from "./execution-log";
import type { Execution } from "./execution-log";
import { Gate } from "./gate";
import type { CrashHub, Pace } from "./hub";
import { judge } from "./judge";
import { Load } from "./load";
import { Random } from "./random";
import { printFaultyRuns, printOutcome } from "./report";
import { WORKERS } from "./tuning";
import { WorkerPool } from "./worker-pool";

interface Options extends Partial<Pick<Pace, "orchestrations" | "kills" | "seconds">> {
  readonly backend: "embedded" | "azurite";
  readonly seed: number;
  readonly limit: number;
  readonly pace: number;
}

/** Nothing a crash does takes as long as this. */
const STUCK_AFTER_MS = 45_000;

async function main(options: Options): Promise<boolean> {
  const { backend, seed, limit, pace } = options;
  const folder = mkdtempSync(path.join(tmpdir(), "perdure-crash-"));
  const giveUp = new AbortController();
  setMaxListeners(0, giveUp.signal); // every run that gets events listens
  const onFault = (): void => giveUp.abort();
  const hub = await (backend === "azurite"
    ? openAzurite(pace)
    : openEmbedded(folder, pace, new Random(seed + 2), onFault));
  const client = new Client(hub.backend);
  await hub.backend.createTaskHub();
  const timer = setTimeout(onFault, limit * 1000);
  const pool = new WorkerPool(hub.program, { ...hub.access, folder, pace }, onFault, hub.poolOptions);
  const load = new Load(client, new Random(seed), giveUp, new Gate(), (number, random) =>
    hub.plan(number, random),
  );

  const elapsedMs = await killWhileRunning(pool, load, hub, options);
  clearTimeout(timer);
  const faults = await report(client, pool, load, hub, { seed, elapsedMs }, readExecutions(folder));
  await hub.close();

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
  hub: CrashHub,
  options: Options,
): Promise<number> {
  const { orchestrations, kills, seconds } = { ...hub.pace, ...options };
  const startedAt = Date.now();
  const ended = new AbortController();
  pool.start(WORKERS);
  const killing = killNowAndThen(pool, new Random(options.seed + 1), hub.pace, ended.signal);
  await load.start(
    hub.pace.startPauseMs,
    () =>
      load.runs.length < orchestrations ||
      pool.kills.length < kills ||
      Date.now() - startedAt < seconds * 1000,
  );
  await load.finished(STUCK_AFTER_MS * options.pace);
  ended.abort();
  await killing;
  const elapsedMs = Date.now() - startedAt;
  await pool.stop();
  return elapsedMs;
}

/** Kills one of the workers, waits until enough are up again and a little longer, and so on. */
async function killNowAndThen(
  pool: WorkerPool,
  random: Random,
  { killPauseMs: { min, max }, workersUp }: Pace,
  signal: AbortSignal,
): Promise<void> {
  while (await pause(random.between(min, max), signal)) {
    while (pool.up < workersUp) if (!(await pause(50, signal))) return;
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
  hub: CrashHub,
  { seed, elapsedMs }: { readonly seed: number; readonly elapsedMs: number },
  executions: readonly Execution[],
): Promise<readonly string[]> {
  const { checked, faulty, faults: faultsOfRuns } = await judge(client, pool, load, executions);
  const faults = [...faultsOfRuns, ...(await hub.faults())];
  printOutcome({
    seed,
    hub,
    figures: await hub.figures(pool.kills),
    checked,
    kills: pool.kills.length,
    workersStarted: pool.started,
    facts: analyse(executions, pool.kills),
    elapsedMs,
  });
  await printFaultyRuns(client, faulty, []);
  return faults.length > 0 ? faults : [...(await purgeFaults(client)), ...hub.purgedFaults()];
}

const program = new Command("test:crash")
  .description("Kills workers while orchestrations run and checks that nothing is lost or done twice.")
  .addOption(new Option("--backend <name>", "to try").choices(["embedded", "azurite"]).default("embedded"))
  .option("--orchestrations <number>", "to start at least", Number)
  .option("--kills <number>", "to make at least", Number)
  .option("--seconds <number>", "to go on starting and killing at least", Number)
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
