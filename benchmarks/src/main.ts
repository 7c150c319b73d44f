/** `npm run bench`: the workloads W1 to W8 on one backend. See `npm run bench -- --help`. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { measure } from "./measure";
import { pageOf } from "./page";
import { plotOf } from "./plot";
import { printComparison, printResults } from "./report";
import type { Results } from "./results";
import { BACKENDS } from "./setting";
import type { Setting } from "./setting";
import { WORKLOADS } from "./workloads";

interface Options extends Setting {
  readonly workload?: readonly string[];
  readonly runs: number;
  readonly json?: string;
  readonly from?: string;
  readonly page?: string;
  readonly compare?: string;
  readonly factor: number;
}

/** False when something failed or got worse. */
async function main(options: Options): Promise<boolean> {
  const { json, from, page } = options;
  const before = options.compare === undefined ? undefined : read(options.compare); // a bad file shows at once
  const results = from === undefined ? await run(options) : read(from);
  printResults(results);
  if (json !== undefined) writeFileSync(json, JSON.stringify(results, undefined, 2) + "\n");
  if (page !== undefined) writePage(results, page);
  const isNoWorse = before === undefined || printComparison(before, results, options.factor);
  return isNoWorse && results.failures.length === 0;
}

function run({ workload, runs, ...setting }: Options): Promise<Results> {
  const chosen = WORKLOADS.filter(({ id }) => workload === undefined || workload.includes(id));
  return measure(setting, chosen, runs, (nth, { id }, name) =>
    console.error(`Run ${nth} of ${runs}: ${id}, ${name}`),
  );
}

function read(file: string): Results {
  return JSON.parse(readFileSync(file, "utf8")) as Results;
}

function writePage(results: Results, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const name = `benchmarks-${results.backend}`;
  writeFileSync(path.join(folder, `${name}.svg`), plotOf(results));
  writeFileSync(path.join(folder, `${name}.md`), pageOf(results, `${name}.svg`));
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
  .option("--from <file>", "do not measure, take the figures of an earlier --json")
  .option("--page <folder>", "also write the figures as a page with a plot")
  .option("--compare <file>", "also print the ratios to an earlier --json; fails when something got worse")
  .option("--factor <number>", "by how much that is worse", atLeast(1), 1.3)
  .parse();

main(program.opts<Options>()).then(
  (isFine) => process.exit(isFine ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
