import type { Backend } from "perdure";
import type { Random } from "./random";
import type { WorkerConfig } from "./run-worker";
import type { Run } from "./scenarios";
import type { Kill, PoolOptions } from "./worker-pool";

/** What the crash test runs on, with how hard it is tried. */
export interface CrashHub {
  /** For the driver, which is only a client. */
  readonly backend: Backend;
  /** What each worker process runs, and what it needs to get at the hub. */
  readonly program: string;
  readonly access: Pick<WorkerConfig, "connectionString" | "file">;
  readonly poolOptions: PoolOptions;
  readonly pace: Pace;
  plan(number: number, random: Random): Run;
  /** In words. */
  readonly about: string;
  /** Lines of the report: a title of up to 22 letters, and a text. */
  figures(kills: readonly Kill[]): Promise<Readonly<Record<string, string>>>;
  /** What is wrong with storage now that everything has ended. */
  faults(): Promise<readonly string[]>;
  /** What is wrong with it after a purge of everything. */
  purgedFaults(): readonly string[];
  close(): Promise<void>;
}

export interface Pace {
  /** Starts come this far apart on average, in milliseconds. */
  readonly startPauseMs: number;
  /** Between two kills. */
  readonly killPauseMs: { readonly min: number; readonly max: number };
  /** Nobody is killed while fewer workers than that are up. */
  readonly workersUp: number;
  /** Unless said otherwise, so many are started at least, killed at least, and it goes on for so long. */
  readonly orchestrations: number;
  readonly kills: number;
  readonly seconds: number;
}
