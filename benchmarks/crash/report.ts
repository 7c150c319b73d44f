import type { Client } from "perdure";
import { rounded, summarise } from "../src/statistics";
import type { ExecutionFacts } from "./analysis";
import type { CheckedRun } from "./checks";
import type { CrashHub } from "./hub";
import type { LeaseRow } from "./lease-rows";
import { tookOutOfOrder } from "./scenarios";
import { WORKERS } from "./tuning";

export interface Outcome {
  readonly seed: number;
  readonly hub: CrashHub;
  readonly figures: Readonly<Record<string, string>>;
  readonly checked: readonly CheckedRun[];
  readonly kills: number;
  readonly workersStarted: number;
  readonly facts: ExecutionFacts;
  readonly elapsedMs: number;
}

export function printOutcome(outcome: Outcome): void {
  const { seed, hub, figures, checked, kills, workersStarted, facts, elapsedMs } = outcome;
  const { min, max } = hub.pace.killPauseMs;
  const children = sum(checked.map(({ run }) => run.children));
  const durations = checked.flatMap(({ snapshot }) =>
    snapshot?.completedAt ? [snapshot.completedAt.getTime() - snapshot.createdAt.getTime()] : [],
  );
  const outOfOrder = checked.filter(
    ({ run, snapshot }) => run.comparable && tookOutOfOrder(snapshot?.output),
  ).length;
  const bursts = checked.filter(({ run }) => run.comparable).length;
  console.log(`
Crash test, seed ${seed}: ${WORKERS} worker processes, ${hub.about}

orchestrations          ${checked.length}, and ${children} sub-orchestrations of theirs
workers killed          ${kills} (SIGKILL to a random one, every ${min / 1000} to ${max / 1000} s while ${hub.pace.workersUp} were up), ${workersStarted - WORKERS} started again
${Object.entries(figures)
  .map(([title, text]) => `${title.padEnd(24)}${text}\n`)
  .join("")}activity executions     ${facts.executions} for ${facts.calls} calls: ${facts.repeats} repeats,
                        ${facts.repeatsAfterLivingWorker} of them although the worker before was alive
recovery                ${seconds(facts.recoveriesMs)}
                        over ${facts.recoveriesMs.length} repeats after a kill: from the kill to the moment another worker
                        executes again an activity that the dead one had executed without its result becoming durable
timers                  ${seconds(facts.timerLatenessMs)} late
                        over ${facts.timerLatenessMs.length}: from the due time to the first execution of the activity that follows
orchestration           ${seconds(durations)} from start to end, waits included
events in disorder      ${outOfOrder} of ${bursts} orchestrations whose events were raised without waiting (a queue may do that
                        after a crash); in the others the order is checked
total time              ${rounded(elapsedMs / 1000)} s`);
}

/** What is known of runs that did not end as they should. */
export async function printFaultyRuns(
  client: Client,
  faulty: readonly CheckedRun[],
  leaseRows: readonly LeaseRow[],
): Promise<void> {
  if (faulty.length === 0) return;
  if (leaseRows.length > 0) console.error("\nOwners of the partitions:");
  for (const row of leaseRows) console.error(`  ${JSON.stringify(row)}`);
  for (const { run, snapshot, faults } of faulty) {
    console.error(`\n${run.name} '${run.instanceId}': ${faults.join("; ")}`);
    console.error(`  input ${JSON.stringify(run.input)}`);
    console.error(`  status ${JSON.stringify(snapshot)}`);
    if (!snapshot) continue;
    for (const event of await client.instance(run.instanceId).history())
      console.error(`  ${JSON.stringify(event)}`);
  }
}

function seconds(valuesMs: readonly number[]): string {
  if (valuesMs.length === 0) return "none";
  const { p50, p99, max } = summarise(valuesMs);
  const [median, rare, longest] = [p50, p99, max].map((ms) => `${rounded(ms / 1000)} s`);
  return `median ${median}, p99 ${rare}, longest ${longest}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
