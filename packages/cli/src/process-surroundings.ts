import { homedir } from "node:os";
import { pathToFileURL } from "node:url";
import { systemClock } from "@perdure/core";
import type { Surroundings } from "./surroundings";

/** Those of this process. */
export function processSurroundings(ending: AbortSignal): Surroundings {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    workingFolder: process.cwd(),
    homeFolder: homedir(),
    clock: systemClock,
    ending,
    importFile: (file) => import(pathToFileURL(file).href) as Promise<unknown>,
  };
}
