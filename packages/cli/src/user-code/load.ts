/** Loads the user's file: JavaScript as Node does, TypeScript by tsx if the project has it, else by Node itself. */
import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { usageFailure } from "../failures";
import type { Surroundings } from "../surroundings";
import { codeIn } from "./definitions";
import type { UserCode } from "./definitions";

/** Looked for when no file is named. */
const USUAL_FILES: readonly string[] = [
  "src/orchestrations.ts",
  "src/orchestrations.js",
  "orchestrations.ts",
  "orchestrations.js",
  "src/index.ts",
  "index.js",
];

/**
 * The path of the user's file: as named, or a usual one.
 *
 * @throws CommandFailure when there is none.
 */
export function userFileOf(named: string | undefined, { workingFolder }: Surroundings): string {
  if (named !== undefined) {
    const file = path.resolve(workingFolder, named);
    if (existsSync(file) && statSync(file).isFile()) return file;
    throw usageFailure(
      `There is no file ${file}.`,
      "Give the file that exports your orchestrations and activities.",
    );
  }
  const found = USUAL_FILES.map((name) => path.resolve(workingFolder, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw usageFailure(
    `No file is named, and none of ${USUAL_FILES.join(", ")} is in ${workingFolder}.`,
    "Name the file that exports your orchestrations and activities, or make a project: npx perdure init my-app",
  );
}

/** @throws whatever the user's code does; CommandFailure when nothing here reads TypeScript. */
export async function loadUserCode(file: string, surroundings: Surroundings): Promise<UserCode> {
  if (/\.[cm]?tsx?$/.test(file)) await enableTypeScript(file, surroundings);
  return codeIn(await surroundings.importFile(file), file);
}

async function enableTypeScript(file: string, surroundings: Surroundings): Promise<void> {
  const tsx = tsxFor(file);
  if (tsx !== undefined) {
    await surroundings.importFile(tsx); // as `node --import tsx` does
    return;
  }
  const { typescript = false } = process.features as { readonly typescript?: string | false };
  if (typescript !== false) return;
  throw usageFailure(
    `Node ${process.versions.node} does not read TypeScript by itself: ${file}`,
    "Add tsx to the project: npm install --save-dev tsx",
  );
}

/** The tsx of the project, if it has one. */
function tsxFor(file: string): string | undefined {
  try {
    return createRequire(file).resolve("tsx");
  } catch {
    return undefined;
  }
}
