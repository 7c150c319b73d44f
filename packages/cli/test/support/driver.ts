/**
 * Runs command lines one after the other in this process, on its own streams, and tells how each ended. A process of its
 * own has a terminal or pipes, as it is started; one for all of them saves the time to load the program.
 */
import { readFileSync } from "node:fs";
import { processSurroundings } from "../../src/process-surroundings";
import { run } from "../../src/run";
import { endMark } from "./marks";

async function main(): Promise<void> {
  const lines = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as readonly (readonly string[])[];
  for (const [index, args] of lines.entries()) {
    const exitCode = await run(args, processSurroundings(new AbortController().signal));
    process.stdout.write(endMark(index, exitCode));
  }
}

void main();
