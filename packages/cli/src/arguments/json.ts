import { readFile } from "node:fs/promises";
import path from "node:path";
import { text as readAll } from "node:stream/consumers";
import { usageFailure } from "../failures";
import type { Surroundings } from "../surroundings";

/**
 * A payload from the command line: JSON itself, `@file`, or `-` for standard input.
 *
 * @throws CommandFailure when it is none.
 */
export async function payloadOf(
  given: string | undefined,
  what: string,
  { stdin, workingFolder }: Surroundings,
): Promise<unknown> {
  if (given === undefined) return undefined;
  if (given === "-") return parseJson(await readAll(stdin), `The ${what} from standard input`);
  if (!given.startsWith("@")) return parseJson(given, `The ${what}`, given);
  const file = path.resolve(workingFolder, given.slice(1));
  return parseJson(await readText(file, what), `The ${what} in ${file}`);
}

/** @throws CommandFailure when the file cannot be read. */
export async function readText(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : "it cannot be read";
    throw usageFailure(`The ${what} is not in ${file}: ${reason}.`, "Check the path.");
  }
}

function parseJson(text: string, what: string, typed?: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const hints = ["Give JSON, @file, or - for standard input."];
    if (typed !== undefined && /^[\p{L}\p{N}_ .:-]+$/u.test(typed)) {
      hints.unshift(
        `Text needs double quotes of its own, and the shell needs others: '${JSON.stringify(typed)}'`,
      );
    }
    throw usageFailure(`${what} is not JSON.`, ...hints);
  }
}
