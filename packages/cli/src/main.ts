import { EXIT_CODES } from "./exit-codes";
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
  // Whoever reads the output may have seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT_CODES.ok);
    throw error;
  });
  void run(process.argv.slice(2), processSurroundings(ending.signal)).then((exitCode) => {
    if (exitCode === EXIT_CODES.interrupted) process.exit(exitCode); // what was interrupted may not have ended
    process.exitCode = exitCode;
    process.removeListener("SIGINT", end).removeListener("SIGTERM", end);
  });
}
