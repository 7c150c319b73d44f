/**
 * `npm run test:chaos`: orchestrations of every kind on real processes and a real emulator, under one kind of fault after
 * the other. Every one of them must complete exactly once with the result of a run without faults.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { PHASES } from "./phases";
import type { ChaosOptions } from "./phases";
import { printOutcomes } from "./report";
import { runPhase } from "./run-phase";
import type { PhaseOutcome } from "./run-phase";

interface Options extends ChaosOptions {
  readonly only: string;
}

async function main({ only, ...options }: Options): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), "perdure-chaos-"));
  const outcomes: PhaseOutcome[] = [];
  for (const [index, phase] of PHASES.entries()) {
    if (!phase.name.includes(only)) continue;
    const outcome = await runPhase(phase, path.join(folder, `${index}`), options);
    outcomes.push(outcome);
    console.log(`${phase.name}: ${outcome.faults.length === 0 ? "passed" : "failed"}`);
    for (const fault of outcome.faults) console.error(`- ${fault}`);
  }

  console.log(`\nChaos test, seed ${options.seed}`);
  printOutcomes(outcomes);
  if (outcomes.length > 0 && outcomes.every(({ faults }) => faults.length === 0)) {
    rmSync(folder, { recursive: true });
    console.log("\nPassed: every orchestration completed once, with the right result; no dead letters.");
    return true;
  }
  console.error(`\nFailed; what the workers wrote is in ${folder}.`);
  return false;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const program = new Command("test:chaos")
  .description(
    "Kills, pauses and blocks workers, takes storage away, and checks that nothing is lost or done twice.",
  )
  .option("--outage <seconds>", "that storage is away", Number, 60)
  .option("--block <seconds>", "that user code blocks a worker", Number, 30)
  .option("--only <fault>", "a part of the names of the faults to try", "")
  .option("--seed <number>", "of what is started and when", Number, Date.now() % 1_000_000)
  .option("--pace <factor>", "multiplies leases and pauses, for a slow or busy machine", Number, 1)
  .parse();

main(program.opts<Options>()).then(
  (passed) => process.exit(passed ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
