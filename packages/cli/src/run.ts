import { CommanderError } from "commander";
import { Cli } from "./cli";
import { completionsOf, lineToComplete } from "./completion/complete";
import { EXIT_CODES } from "./exit-codes";
import { toCommandFailure } from "./failures";
import { Terminal } from "./output/terminal";
import { createProgram } from "./program";
import type { Surroundings } from "./surroundings";

/** Runs one command line, without the program's name. Resolves with the exit code, and never rejects. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const program = createProgram(new Cli(surroundings, args.includes("--json")));
  const line = lineToComplete(args);
  if (line !== undefined) {
    surroundings.stdout.write(
      completionsOf(program, line)
        .map((word) => `${word}\n`)
        .join(""),
    );
    return EXIT_CODES.ok;
  }
  try {
    await program.parseAsync([...args], { from: "user" });
    return EXIT_CODES.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    const failure = toCommandFailure(error);
    new Terminal(surroundings, program.opts()).fail(failure);
    return failure.exitCode;
  }
}
