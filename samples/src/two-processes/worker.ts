/**
 * A worker process, as one would deploy it: it runs until it is asked to stop, then finishes what it is doing. Start as
 * many as you like, on any machine; they share the work of the hub.
 */
import { Worker, createLogger } from "perdure";
import { samples } from "../all";
import type { WorkerReport } from "../demo/worker-process";
import { hubOfEnvironment, openBackend } from "../hub";

async function main(): Promise<void> {
  const hub = hubOfEnvironment();
  const worker = new Worker(openBackend(hub), {
    orchestrations: samples.flatMap(({ orchestrations }) => orchestrations),
    activities: samples.flatMap(({ activities }) => activities),
    shutdownTimeout: "10s", // below the time your platform waits before it kills
    logger: createLogger("error"),
  });

  const stop = (): void => void worker.stop().then(() => process.exit());
  process.on("SIGTERM", stop).on("SIGINT", stop);
  process.once("disconnect", stop); // whoever started this process is gone

  await worker.start();
  console.log(`Worker ${process.pid} takes work from hub ${hub.taskHub}. Ctrl+C stops it.`);
  await report({ ready: true });
}

/** Tells the process that started this one with `fork`, if one did. */
async function report(message: WorkerReport): Promise<void> {
  if (process.send) await new Promise((resolve) => process.send?.(message, undefined, undefined, resolve));
}

main().catch(async (error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  if (!process.send) console.error(message);
  await report({ failed: message });
  process.exit(1);
});
