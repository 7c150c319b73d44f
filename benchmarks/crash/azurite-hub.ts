import path from "node:path";
import { AzureStorageBackend } from "@perdure/backend-azure-storage";
import { startAzurite } from "../../scripts/azurite";
import type { CrashHub } from "./hub";
import { readLeaseRows } from "./lease-rows";
import { planRun } from "./scenarios";
import { TASK_HUB, WORKERS, tuning } from "./tuning";

/** @param pace Multiplies leases and pauses. */
export async function openAzurite(pace: number): Promise<CrashHub> {
  const azurite = await startAzurite({ inMemory: true, ports: { blob: 0, queue: 0, table: 0 } });
  const { connectionString } = azurite;
  const backend = new AzureStorageBackend({ ...tuning(pace), taskHub: TASK_HUB, connectionString });
  return {
    backend,
    program: path.join(__dirname, "worker.ts"),
    access: { connectionString },
    poolOptions: {},
    pace: {
      startPauseMs: 130 * pace,
      killPauseMs: { min: 500 * pace, max: 3000 * pace },
      workersUp: WORKERS,
      orchestrations: 240,
      kills: 15,
      seconds: 0,
    },
    plan: planRun,
    about: `one emulator, ${JSON.stringify(tuning(pace))}`,
    figures: async () => {
      const rows = await readLeaseRows(connectionString);
      const acquired = sum(rows.map(({ epoch }) => epoch));
      const clean = sum(rows.map(({ cleanEpochs }) => cleanEpochs));
      return {
        "partition ownerships": `${acquired}, of which ${acquired - clean} ended by a crash or unclean, ${clean} by a clean release`,
      };
    },
    faults: () => Promise.resolve([]),
    purgedFaults: () => [],
    close: async () => {
      await backend.stop();
      await azurite.stop();
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
