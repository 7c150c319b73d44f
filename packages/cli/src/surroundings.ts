import type { Clock } from "@perdure/core";

/** A stream that text goes to, and whether people see it at once. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** All that a command knows of the process it runs in. Tests pass their own. */
export interface Surroundings {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Paths are relative to it. */
  readonly workingFolder: string;
  readonly homeFolder: string;
  readonly clock: Clock;
  /** Aborts when the user, or the system, asks the process to end. */
  readonly ending: AbortSignal;
  /** Loads a module of the user's by the path of its file. */
  importFile(file: string): Promise<unknown>;
}
