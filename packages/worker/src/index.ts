/** Runs orchestrations and activities on any backend. */
export { createLogger } from "./logger";
export { Worker } from "./worker";
export type { WorkerOptions } from "./worker";
