import type { Clock, LogLevel, Logger } from "@perdure/core";
import type { Surroundings } from "../surroundings";

/** Log lines as JSON, on standard error. */
export function jsonLogger({ stderr, clock }: Pick<Surroundings, "stderr" | "clock">): Logger {
  const line =
    (level: LogLevel) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      stderr.write(`${JSON.stringify({ level, time: timeOf(clock), msg: message, ...fields })}\n`);
    };
  return { debug: () => undefined, info: line("info"), warn: line("warn"), error: line("error") };
}

function timeOf(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
