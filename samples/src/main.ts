/** `npm start`: runs the samples, on a file of their own unless told otherwise. See `npm start -- --help`. */
import { Command, Option } from "commander";
import { samples } from "./all";
import { newBoard } from "./demo/board";
import { Demo } from "./demo/demo";
import { exitCodeOf, stopRequest } from "./demo/stop-request";
import { openStorage } from "./demo/storage";
import type { Sample } from "./sample";

interface Options {
  readonly once?: boolean;
  readonly hub?: string;
  readonly azurite?: boolean;
  readonly connectionString?: string;
}

async function main(): Promise<number> {
  const { chosen, options } = commandLine();
  const stop = stopRequest();
  const board = newBoard(process.stdout);
  const storage = await openStorage({ connectionString: process.env["PERDURE_STORAGE"], ...options });
  try {
    board.say(`Storage: ${storage.description}`);
    const demo = new Demo(storage, chosen, board);
    return await demo.run({ once: options.once ?? false, keepHub: options.hub !== undefined }, stop);
  } catch (error) {
    if (stop.aborted) return exitCodeOf(stop); // what fails then fails because of it
    throw error;
  } finally {
    await storage.stop();
  }
}

function commandLine(): { readonly chosen: readonly Sample[]; readonly options: Options } {
  const names = samples.map(({ name }) => name);
  const program = new Command("npm start --")
    .description("Runs the samples, with a crash in the middle that nobody notices.")
    .argument("[sample...]", `which ones: ${names.join(", ")} (default: all)`)
    .option("--once", "end when the samples have ended, instead of keeping the worker running")
    .option("--hub <name>", "task hub to use, and to keep. Without it the hub is deleted at the end")
    .option(
      "--connection-string <text>",
      "storage account. Default: PERDURE_STORAGE, else a file in .perdure",
    )
    .addOption(new Option("--azurite", "start a storage emulator for the run").conflicts("connectionString"))
    .parse();
  const unknown = program.args.find((name) => !names.includes(name));
  if (unknown !== undefined)
    program.error(`There is no sample '${unknown}'. There are: ${names.join(", ")}.`);
  const chosen = samples.filter(({ name }) => program.args.length === 0 || program.args.includes(name));
  return { chosen, options: program.opts() };
}

main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    console.error(`The samples cannot run: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
