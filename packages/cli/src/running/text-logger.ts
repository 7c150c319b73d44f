import type { Logger } from "@perdure/core";
import { jsonText, printable } from "../output/text";

/** Log lines for people who develop. */
export function textLogger(write: (line: string) => void): Logger {
  const line =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      const { error, ...rest } = fields;
      const details = Object.entries(rest).map(([name, value]) => `${name}=${jsonText(value)}`);
      const why = error instanceof Error ? `: ${error.message}` : "";
      write(printable([`[${level}] ${message}${why}`, ...details].join(" ")));
    };
  return { debug: () => undefined, info: line("info"), warn: line("warn"), error: line("error") };
}
