/** Runs orchestrations and activities on any backend. */
export { createLogger } from "./logger";
export type { TimerLatenessReport } from "./timer-lateness";
export { Worker } from "./worker";
export type { WorkerOptions } from "./worker";
