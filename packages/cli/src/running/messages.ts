import type { StoragePlace } from "../connection/storage";

/** What a command tells the process that runs the user's code. It goes over a channel: no secret is in arguments. */
export type Order =
  | {
      readonly type: "run";
      readonly file: string;
      readonly place: StoragePlace;
      readonly workingFolder: string;
    }
  | { readonly type: "stop" };

/** The user's code has been loaded, and a worker runs it. */
export interface Running {
  readonly type: "running";
  /** Names, those of users. */
  readonly orchestrations: readonly string[];
  readonly activities: readonly string[];
  /** An orchestration to try, and its input as JSON. */
  readonly example?: { readonly orchestration: string; readonly input?: string };
}

/** What that process tells. */
export type Report = Running | { readonly type: "failed"; readonly text: string };

const TYPES: readonly unknown[] = ["running", "failed"] satisfies readonly Report["type"][];

/** Loaders of the user's tell of themselves over the same channel. */
export function isReport(message: object): message is Report {
  return "type" in message && TYPES.includes(message.type);
}

/** Sent by Node itself, as to its own `--watch`, where WATCH_REPORT_DEPENDENCIES is set: files that were loaded, as paths or URLs, or null. */
export interface LoadedFiles {
  readonly "watch:require"?: readonly (string | null)[];
  readonly "watch:import"?: readonly (string | null)[];
}
