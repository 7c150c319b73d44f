import { systemClock } from "@perdure/core";
import type { Logger, LogLevel } from "@perdure/core";

/** JSON lines on standard error. */
export const standardErrorLogger: Logger = {
  debug: () => undefined,
  info: (message, fields) => write("info", message, fields),
  warn: (message, fields) => write("warn", message, fields),
  error: (message, fields) => write("error", message, fields),
};

function write(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const time = new Date(systemClock.now()).toISOString();
  process.stderr.write(`${JSON.stringify({ level, time, msg: message, ...fields })}\n`);
}
