import { InvalidArgumentError } from "@perdure/core";
import { WallTimes } from "../ticks/wall-times";
import { shown } from "./arguments";
import type { WallPattern } from "./wall-pattern";

const MACROS: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

const HINT = "give five fields (minute, hour, day of month, month, day of week), or six with seconds first";

/**
 * A cron line with single spaces between its fields.
 *
 * @throws InvalidArgumentError unless it can be read.
 */
export function readCronLine(given: unknown, what: string): string {
  if (typeof given !== "string") {
    throw new InvalidArgumentError(`${what} is ${shown(given)}: give a cron line such as "0 9 * * 1-5".`);
  }
  const line = given.trim().replace(/\s+/g, " ");
  if (line.startsWith("@") && !MACROS.has(line)) {
    throw new InvalidArgumentError(
      `${what} is ${shown(line)}: give one of ${[...MACROS.keys()].join(", ")}, or a cron line.`,
    );
  }
  // Croner would take some other texts for dates.
  if (!/^[@\w *?,/#+-]*$/.test(line)) {
    throw new InvalidArgumentError(
      `${what} is ${shown(line)}, with characters that have no meaning there: ${HINT}.`,
    );
  }
  const count = fieldsOf(line).length;
  if (count !== 5 && count !== 6) {
    throw new InvalidArgumentError(`${what} is ${shown(line)}, of ${count} fields: ${HINT}.`);
  }
  try {
    new WallTimes(cronPattern(line));
  } catch (error) {
    throw new InvalidArgumentError(`${what} is ${shown(line)} (${reasonOf(error)}): ${HINT}.`, error);
  }
  return line;
}

/** What a valid cron line matches. With five fields the second is 0, or what `second` says. */
export function cronPattern(line: string, second = "0"): WallPattern {
  const fields = fieldsOf(line);
  const [ownSecond = "", minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] =
    fields.length === 5 ? [second, ...fields] : fields;
  return { second: ownSecond, minute, hour, dayOfMonth, month, dayOfWeek, year: "*", days: "either" };
}

function fieldsOf(line: string): readonly string[] {
  return (MACROS.get(line) ?? line).split(" ");
}

/** What croner says, without what means nothing to those who do not know it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/^\w+: /, "")
    .replace(/^configuration entry \w+ \((.*)\)/, "'$1'")
    .replace(/\.$/, "")
    .slice(0, 160);
}
