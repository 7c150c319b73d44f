/** A worker process. Ends with the driver, however that ends; stops when it is told to. */
import { createRequire } from "node:module";
import type * as azureStorage from "@perdure/backend-azure-storage";
import type * as embedded from "@perdure/backend-embedded";
import { Worker, createLogger } from "perdure";
import type { Backend, Logger, WorkerOptions } from "perdure";
import type { Death } from "./embedded/deaths";
import { ExecutionLog } from "./execution-log";
import { ORCHESTRATIONS } from "./scenarios";
import { TASK_HUB, tuning } from "./tuning";
import { defineWork } from "./work";

/** Given as JSON, the only argument. */
export interface WorkerConfig {
  readonly workerId: string;
  /** Of the emulator. */
  readonly connectionString?: string;
  /** Of the embedded backend, instead. */
  readonly file?: string;
  /** Where in a commit the process kills itself. */
  readonly death?: Death;
  /** Where executions are noted. */
  readonly folder: string;
  readonly pace: number;
}

/** What a worker runs besides the scenarios. */
export type Extras = (
  config: WorkerConfig,
  log: ExecutionLog,
  backend: Backend,
) => Required<Pick<WorkerOptions, "orchestrations" | "activities">>;

const load = createRequire(__filename);
const NO_EXTRAS: Extras = () => ({ orchestrations: [], activities: [] });

export function configOf(argv: readonly string[]): WorkerConfig {
  return JSON.parse(argv[2] ?? "{}") as WorkerConfig;
}

/** Takes its configuration from the command line. */
export function runWorker(extrasOf: Extras = NO_EXTRAS): void {
  main(configOf(process.argv), extrasOf).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}

async function main(config: WorkerConfig, extrasOf: Extras): Promise<void> {
  const { workerId, folder } = config;
  process.once("disconnect", () => process.exit(1));
  const logger = createLogger("warn");
  const backend = connect(config, logger);
  const log = new ExecutionLog(folder, workerId);
  const extras = extrasOf(config, log, backend);
  const worker = new Worker(backend, {
    orchestrations: [...ORCHESTRATIONS, ...extras.orchestrations],
    activities: [defineWork(log), ...extras.activities],
    logger,
  });
  process.once("message", () => {
    void worker.stop().then(() => process.exit(0));
  });
  await worker.start();
  process.send?.("ready");
}

/** Loads no more than what is needed, workers start often, and no other copy than the one that deaths are planned in. */
function connect({ workerId, connectionString = "", file, pace }: WorkerConfig, logger: Logger): Backend {
  if (file !== undefined) {
    const { EmbeddedBackend } = load("@perdure/backend-embedded") as typeof embedded;
    return new EmbeddedBackend({ path: file, logger });
  }
  const { AzureStorageBackend } = load("@perdure/backend-azure-storage") as typeof azureStorage;
  return new AzureStorageBackend({ ...tuning(pace), taskHub: TASK_HUB, connectionString, workerId, logger });
}
