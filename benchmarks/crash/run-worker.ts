/** A worker process. Ends with the driver, however that ends; stops when it is told to. */
import { AzureStorageBackend } from "@perdure/backend-azure-storage";
import { Worker, createLogger } from "perdure";
import type { WorkerOptions } from "perdure";
import { ExecutionLog } from "./execution-log";
import { ORCHESTRATIONS } from "./scenarios";
import { TASK_HUB, tuning } from "./tuning";
import { defineWork } from "./work";

/** Given as JSON, the only argument. */
export interface WorkerConfig {
  readonly workerId: string;
  readonly connectionString: string;
  /** Where executions are noted. */
  readonly folder: string;
  readonly pace: number;
}

/** What a worker runs besides the scenarios. */
export type Extras = (
  config: WorkerConfig,
  log: ExecutionLog,
) => Required<Pick<WorkerOptions, "orchestrations" | "activities">>;

const NO_EXTRAS: Extras = () => ({ orchestrations: [], activities: [] });

/** Takes its configuration from the command line. */
export function runWorker(extrasOf: Extras = NO_EXTRAS): void {
  main(JSON.parse(process.argv[2] ?? "{}") as WorkerConfig, extrasOf).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}

async function main(config: WorkerConfig, extrasOf: Extras): Promise<void> {
  const { workerId, connectionString, folder, pace } = config;
  process.once("disconnect", () => process.exit(1));
  const logger = createLogger("warn");
  const backend = new AzureStorageBackend({
    ...tuning(pace),
    taskHub: TASK_HUB,
    connectionString,
    workerId,
    logger,
  });
  const log = new ExecutionLog(folder, workerId);
  const extras = extrasOf(config, log);
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
