import { readdirSync } from "node:fs";
import path from "node:path";
import { EmbeddedBackend } from "@perdure/backend-embedded";
import { rounded, summarise } from "../../src/statistics";
import type { CrashHub } from "../hub";
import type { Random } from "../random";
import { planRun } from "../scenarios";
import type { Run } from "../scenarios";
import type { Kill } from "../worker-pool";
import { DEATH_NOTE, DEATH_POINTS, planDeath } from "./deaths";
import { planHello, planSleeper } from "./hello";
import { HubFile } from "./internals";
import { Invariants } from "./invariants";
import type { Findings } from "./invariants";
import { planLaunch } from "./launch";

/** More than that is not told. */
const MOST_FAULTS = 20;

/**
 * A file in `folder`, forced to the disk at every commit. Most workers are to kill themselves at a random point of a
 * random commit, if they get that far; whenever one has died, the file is looked at before another takes its place.
 *
 * @param onFault Told when the file is wrong.
 */
export async function openEmbedded(
  folder: string,
  pace: number,
  random: Random,
  onFault: () => void,
): Promise<CrashHub> {
  const file = path.join(folder, "hub.perdure");
  const backend = new EmbeddedBackend({ path: file });
  await backend.createTaskHub();
  const hubFile = HubFile.open(file, false);
  const invariants = new Invariants(hubFile);
  const faults: string[] = [];
  const checks: (Findings & { readonly ms: number })[] = [];
  const check = (when: string, anew = false): void => {
    const startedAt = performance.now();
    const findings = invariants.check(anew);
    checks.push({ ...findings, ms: performance.now() - startedAt });
    if (findings.faults.length > 0) onFault();
    for (const fault of findings.faults)
      if (faults.length < MOST_FAULTS) faults.push(`The file ${when}, check ${checks.length}: ${fault}`);
  };
  return {
    backend,
    program: path.join(__dirname, "../worker-embedded.ts"),
    access: { file },
    poolOptions: {
      execArgv: ["--require", path.join(__dirname, "../../../scripts/run-sources.js")], // starts in half the time
      planDeath: () => (random.next() < 0.7 ? planDeath(random) : undefined),
      onDeath: () => check("after a death"),
    },
    pace: {
      startPauseMs: 12 * pace,
      killPauseMs: { min: 500 * pace, max: 1500 * pace },
      workersUp: 2,
      orchestrations: 0,
      kills: 15,
      seconds: 45,
    },
    plan,
    about: "one file, commits forced to the disk",
    figures: (kills) => Promise.resolve({ ...deathFigures(kills), ...checkFigures(checks) }),
    faults: () => {
      check("in the end", true);
      const hasDied = readdirSync(folder).some((name) => name.endsWith(DEATH_NOTE));
      const unplanned = hasDied ? [] : ["No worker has died within a commit, though most were to."];
      return Promise.resolve([...faults, ...unplanned, ...invariants.restFaults()]);
    },
    purgedFaults: () => invariants.purgedFaults(),
    close: async () => {
      await hubFile.close();
      await backend.stop();
    },
  };
}

/** Mostly short sequences and timers; every fifth is one of all the others in turn. */
function plan(number: number, random: Random): Run {
  const instanceId = `quick-${number.toString().padStart(5, "0")}`;
  const kind = number % 10;
  if (kind < 4) return planHello(instanceId, random);
  if (kind < 7) return planSleeper(instanceId, random);
  if (kind < 8) return planLaunch(instanceId, random);
  return planRun(Math.floor(number / 10) * 2 + (kind - 8), random);
}

function deathFigures(kills: readonly Kill[]): Record<string, string> {
  const points = DEATH_POINTS.map(
    (point) => `${kills.filter(({ death }) => death?.point === point).length} ${point}`,
  );
  const planned = kills.filter(({ death }) => death).length;
  return { "deaths in a commit": `${planned}: ${points.join(", ")}` };
}

function checkFigures(checks: readonly (Findings & { readonly ms: number })[]): Record<string, string> {
  const { p50, max } = summarise(checks.map(({ ms }) => ms));
  const { max: waiting } = summarise(checks.map(({ waiting: each }) => each));
  return {
    "partition ownerships": `${checks.at(-1)?.epochs ?? 0}`,
    "checks of the file": `${checks.length}, one after each death and one in the end; ${checks.at(-1)?.instances ?? 0} instances in the end, at most ${waiting} messages, timers and activities under way; median ${rounded(p50)} ms, longest ${rounded(max)} ms`,
  };
}
