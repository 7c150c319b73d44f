/** `npm run bench`: how many orchestrations per second, how long each takes and what it asks of storage. */
import { writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { environment } from "./environment";
import { BACKENDS } from "./hub";
import type { BackendName } from "./hub";
import { measure } from "./measure";
import type { Measurement } from "./measure";
import { printEnvironment, printMeasurements, printRequests } from "./report";
import { fanOutWorkload } from "./workloads/fan-out";
import { helloWorkload } from "./workloads/hello-sequence";

const WORKLOADS = [helloWorkload, fanOutWorkload];

interface Options {
  readonly backend: BackendName;
  readonly workload?: string;
  readonly json?: string;
}

async function main({ backend, workload, json }: Options): Promise<void> {
  const about = environment(backend);
  printEnvironment(about);
  const measurements: Measurement[] = [];
  for (const { name, description } of WORKLOADS) console.log(`${name}: ${description}`);
  for (const each of WORKLOADS.filter(({ name }) => workload === undefined || workload === name)) {
    for (const step of each.steps) measurements.push(await measure(backend, each, step));
  }
  printMeasurements(measurements);
  printRequests(measurements);
  if (json !== undefined)
    writeFileSync(json, JSON.stringify({ ...about, measurements }, undefined, 2) + "\n");
}

const program = new Command("bench")
  .description("Measures Perdure on a fresh hub for every step.")
  .addOption(new Option("--backend <name>", "where the hub is").choices(BACKENDS).default("azurite"))
  .addOption(
    new Option("--workload <name>", "one workload instead of all").choices(WORKLOADS.map(({ name }) => name)),
  )
  .option("--json <file>", "also write the figures to this file");

program.parse();
main(program.opts<Options>()).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
