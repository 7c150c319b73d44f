/**
 * `npm run two-processes -w samples`: a worker and a client in separate processes, which know nothing of each other but
 * the task hub. Ends with the client's exit code. With `-- --azurite` the hub is on an emulator.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { exitCodeOf, stopRequest } from "../demo/stop-request";
import { openStorage } from "../demo/storage";
import { WorkerProcess } from "../demo/worker-process";
import { deleteHub, environmentOf, openBackend } from "../hub";
import type { HubAddress } from "../hub";

async function main(): Promise<number> {
  const stop = stopRequest();
  const { PERDURE_STORAGE: connectionString, PERDURE_HUB: givenHub } = process.env;
  const azurite = process.argv.includes("--azurite");
  const storage = await openStorage({ connectionString, azurite, hub: givenHub });
  const { hub } = storage;
  console.log(`[main]          ${storage.description}`);
  try {
    const worker = await WorkerProcess.start(hub, console.error);
    console.log(`[worker ${worker.pid}] takes work from hub ${hub.taskHub}`);
    try {
      return await runClient(hub, stop);
    } finally {
      await worker.stop();
      console.log(`[worker ${worker.pid}] stopped with exit code ${worker.exit}`);
    }
  } finally {
    if (givenHub === undefined && storage.kind !== "emulator") await deleteHub(hub, openBackend(hub));
    await storage.stop();
  }
}

async function runClient(hub: HubAddress, stop: AbortSignal): Promise<number> {
  const client = spawn(process.execPath, [...process.execArgv, path.join(__dirname, "client.ts")], {
    env: { ...process.env, ...environmentOf(hub) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const end = (): void => void client.kill("SIGTERM");
  if (stop.aborted) end();
  stop.addEventListener("abort", end);
  createInterface(client.stdout).on("line", (line) => console.log(`[client ${client.pid}] ${line}`));
  const [exitCode] = (await once(client, "close")) as [number | null];
  return stop.aborted ? exitCodeOf(stop) : (exitCode ?? 1);
}

main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
