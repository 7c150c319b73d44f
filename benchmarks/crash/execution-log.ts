import { appendFileSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";

/** One execution of an activity, noted when it began. */
export interface Execution {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly workerId: string;
  readonly instanceId: string;
  readonly key: string;
  readonly timerDueAt?: number;
}

const EXTENSION = ".executions";

/** What one worker process has executed: a file of JSON lines that outlives the process. */
export class ExecutionLog {
  readonly #file: string;

  constructor(
    folder: string,
    private readonly workerId: string,
  ) {
    this.#file = path.join(folder, workerId + EXTENSION);
  }

  /** Returns once the line is the operating system's, which a killed process does not take along. */
  append(execution: Omit<Execution, "at" | "workerId">): void {
    const line: Execution = { at: Date.now(), workerId: this.workerId, ...execution };
    appendFileSync(this.#file, JSON.stringify(line) + "\n");
  }
}

/** What all workers have executed, in order of time. */
export function readExecutions(folder: string): readonly Execution[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .flatMap((name) => readFileSync(path.join(folder, name), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Execution)
    .sort((a, b) => a.at - b.at);
}
