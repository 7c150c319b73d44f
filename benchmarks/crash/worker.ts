/** One worker process of the crash test. Ends with the driver, however that ends; stops when it is told to. */
import { AzureStorageBackend } from "@perdure/backend-azure-storage";
import { Worker, createLogger } from "perdure";
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

async function main({ workerId, connectionString, folder, pace }: WorkerConfig): Promise<void> {
  process.once("disconnect", () => process.exit(1));
  const logger = createLogger("warn");
  const backend = new AzureStorageBackend({
    ...tuning(pace),
    taskHub: TASK_HUB,
    connectionString,
    workerId,
    logger,
  });
  const activities = [defineWork(new ExecutionLog(folder, workerId))];
  const worker = new Worker(backend, { orchestrations: ORCHESTRATIONS, activities, logger });
  process.once("message", () => {
    void worker.stop().then(() => process.exit(0));
  });
  await worker.start();
  process.send?.("ready");
}

main(JSON.parse(process.argv[2] ?? "{}") as WorkerConfig).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
