import { Worker, createLogger } from "@perdure/worker";
import { optional } from "@perdure/core";
import type { Backend, LogLevel, Logger } from "@perdure/core";
import { openBackend } from "../connection/storage";
import type { StoragePlace } from "../connection/storage";
import type { Surroundings } from "../surroundings";
import { loadUserCode } from "../user-code/load";
import type { UserCode } from "../user-code/definitions";

export interface RunningWorker {
  readonly code: UserCode;
  readonly backend: Backend;
  stop(): Promise<void>;
}

export interface UserWorkerOptions {
  readonly logger?: Logger;
  readonly logLevel?: LogLevel;
  /** How long it lets activities finish when it stops. Default: what the user's options say, else the worker's own. */
  readonly shutdownTimeout?: number;
}

/**
 * Loads the user's file and runs a worker with what it exports.
 *
 * @throws whatever the user's code does; what the worker refuses; CommandFailure.
 */
export async function startUserWorker(
  file: string,
  place: StoragePlace,
  surroundings: Surroundings,
  { logLevel = "warn", logger = createLogger(logLevel), shutdownTimeout }: UserWorkerOptions = {},
): Promise<RunningWorker> {
  const code = await loadUserCode(file, surroundings);
  const backend = openBackend(place, surroundings.workingFolder, logger);
  const { orchestrations, activities, options } = code;
  const worker = new Worker(backend, {
    logger,
    ...options,
    ...optional("shutdownTimeout", shutdownTimeout),
    orchestrations,
    activities,
  });
  try {
    await worker.start();
  } catch (error) {
    await worker.stop();
    throw error;
  }
  return { code, backend, stop: () => worker.stop() };
}

export function namesOf(definitions: readonly { readonly name: string }[]): readonly string[] {
  return definitions.map(({ name }) => name);
}
