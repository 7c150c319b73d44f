import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { systemClock } from "@perdure/core";
import type { Surroundings } from "../../src/surroundings";

export interface FakeOptions {
  readonly workingFolder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What is on standard input. */
  readonly input?: string;
  /** Whether all streams are terminals. */
  readonly isTerminal?: boolean;
  readonly ending?: AbortSignal;
}

/** What a command wrote. */
export interface Written {
  stdout: string;
  stderr: string;
}

/** Surroundings that keep what is written. */
export function fakeSurroundings(options: FakeOptions): { surroundings: Surroundings; written: Written } {
  const { workingFolder, env = {}, input = "", isTerminal = false } = options;
  const written: Written = { stdout: "", stderr: "" };
  const stdin = Readable.from([input]) as unknown as NodeJS.ReadStream;
  const stream = (name: keyof Written) => ({
    write: (text: string) => (written[name] += text),
    isTTY: isTerminal,
    columns: 200,
  });
  const surroundings: Surroundings = {
    stdin: Object.assign(stdin, { isTTY: isTerminal }),
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    env,
    workingFolder,
    homeFolder: workingFolder,
    clock: systemClock,
    ending: options.ending ?? new AbortController().signal,
    // jest has no import() of its own: modules come through its require, as all others in a test.
    importFile: (file) => import(pathToFileURL(file).pathname),
  };
  return { surroundings, written };
}
