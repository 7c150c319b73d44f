/** `npm run bench`: the workloads W1 to W7 on one backend. See `npm run bench -- --help`. */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { measure } from "./measure";
import { printResults } from "./report";
import type { Results } from "./results";
import { BACKENDS } from "./setting";
import type { Setting } from "./setting";
import { WORKLOADS } from "./workloads";

interface Options extends Setting {
  readonly workload?: readonly string[];
  readonly runs: number;
  readonly json?: string;
}

/** False when something failed. */
async function main(options: Options): Promise<boolean> {
  const results = await run(options);
  printResults(results);
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(results, undefined, 2) + "\n");
  return results.failures.length === 0;
}

function run({ workload, runs, ...setting }: Options): Promise<Results> {
  const chosen = WORKLOADS.filter(({ id }) => workload === undefined || workload.includes(id));
  return measure(setting, chosen, runs, (nth, { id }, name) =>
    console.error(`Run ${nth} of ${runs}: ${id}, ${name}`),
  );
}

function atLeast(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value >= least) return value;
    throw new InvalidArgumentError(`Give a number from ${least}.`);
  };
}

const ids = WORKLOADS.map(({ id }) => id);
const program = new Command("bench")
  .description("Measures Perdure, every case on a fresh hub.")
  .addOption(new Option("--backend <name>", "where the hub is").choices(BACKENDS).default("embedded"))
  .addOption(new Option("--workload <id...>", `some of the workloads: ${ids.join(", ")}`).choices(ids))
  .option("--quick", "small sizes: shows that all runs, gives no figures to keep", false)
  .option("--runs <number>", "how often each case is run; figures are medians", atLeast(1), 1)
  .option("--relaxed", "embedded: without fsync", false)
  .option("--directory <path>", "embedded: where the file is, on the disk to measure", tmpdir())
  .option("--json <file>", "also write the figures to this file")
  .parse();

main(program.opts<Options>()).then(
  (isFine) => process.exit(isFine ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
