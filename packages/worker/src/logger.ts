import type { LogLevel, Logger } from "@perdure/core";
import pino from "pino";

/** A logger that writes JSON lines to standard error, from `level` up. */
export function createLogger(level: LogLevel = "warn"): Logger {
  const log = pino(
    { name: "perdure", level, serializers: { error: pino.stdSerializers.err } },
    pino.destination({ dest: 2, sync: true }),
  );
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
  };
}
