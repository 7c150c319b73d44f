import { CommanderError } from "commander";
import { Cli } from "./cli";
import { completionsOf, lineToComplete } from "./completion/complete";
import { EXIT_CODES } from "./exit-codes";
import { toCommandFailure, usageFailure } from "./failures";
import type { CommandFailure } from "./failures";
import { Terminal } from "./output/terminal";
import { createProgram } from "./program";
import type { Surroundings } from "./surroundings";

/** Runs one command line, without the program's name. Resolves with the exit code, and never rejects. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const isJson = args.includes("--json");
  const program = createProgram(new Cli(surroundings, isJson));
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
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT_CODES.ok;
      if (isJson) new Terminal(surroundings, { json: true }).fail(ofLine(error));
      return EXIT_CODES.usage;
    }
    const failure = toCommandFailure(error);
    new Terminal(surroundings, program.opts()).fail(failure);
    return failure.exitCode;
  }
}

/** What is wrong with the line itself, without what is for people. */
function ofLine({ code, message }: CommanderError): CommandFailure {
  if (code === "commander.help")
    return usageFailure("The line names no command.", "perdure --help lists them.");
  return usageFailure(message.trim().replace(/^error: /, ""));
}
