import { EXIT_CODES } from "./exit-codes";
import { CommandFailure } from "./failures";
import { Terminal } from "./output/terminal";
import { processSurroundings } from "./process-surroundings";
import { run } from "./run";

/** Runs the command line of this process and ends it: at once when it is asked to end for the second time. */
export function main(): void {
  const ending = new AbortController();
  const end = (): void => {
    if (ending.signal.aborted) process.exit(EXIT_CODES.interrupted);
    ending.abort();
  };
  process.on("SIGINT", end).on("SIGTERM", end);
  const args = process.argv.slice(2);
  const surroundings = processSurroundings(ending.signal);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT_CODES.ok); // whoever reads it may have seen enough
    const failure = new CommandFailure("failure", `Standard output cannot be written: ${error.message}.`);
    new Terminal(surroundings, { json: args.includes("--json") }).fail(failure);
    process.exit(failure.exitCode);
  });
  process.stderr.on("error", () => undefined); // the talk may be lost; what is done, and the exit code, stay
  void run(args, surroundings).then((exitCode) => {
    if (exitCode === EXIT_CODES.interrupted) process.exit(exitCode); // what was interrupted may not have ended
    process.exitCode = exitCode;
    process.removeListener("SIGINT", end).removeListener("SIGTERM", end);
  });
}
