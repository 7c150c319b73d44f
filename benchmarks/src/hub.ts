import { AzureStorageBackend } from "@perdure/backend-azure-storage";
import type { AzureStorageBackendOptions, ConnectOptions } from "@perdure/backend-azure-storage";
import { MemoryBackend } from "@perdure/backend-memory";
import type { Backend } from "perdure";
import { startAzurite } from "../../scripts/azurite";
import { StorageCounter } from "./storage-counter";

export const BACKENDS = ["azurite", "memory"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** Options of the backend that are not its defaults. */
export const SETTINGS: Readonly<Record<BackendName, object>> = { azurite: { partitionCount: 4 }, memory: {} };

const TASK_HUB = "Bench";

/** An empty task hub on storage of its own: nothing that ran before costs anything in it. */
export interface Hub {
  readonly backend: Backend;
  /** Absent when there is no storage to ask. */
  readonly counter?: StorageCounter;
  /** Removes the hub with its storage. Workers must be stopped. */
  close(): Promise<void>;
}

export function openHub(backend: BackendName): Promise<Hub> {
  return backend === "azurite" ? openAzurite() : Promise.resolve(openMemory());
}

async function openAzurite(): Promise<Hub> {
  const azurite = await startAzurite({ inMemory: true, ports: { blob: 0, queue: 0, table: 0 } });
  const counter = new StorageCounter(TASK_HUB);
  const options: AzureStorageBackendOptions & Pick<ConnectOptions, "onRequest"> = {
    ...SETTINGS.azurite,
    taskHub: TASK_HUB,
    connectionString: azurite.connectionString,
    onRequest: (request) => counter.count(request),
  };
  const backend = new AzureStorageBackend(options);
  return {
    backend,
    counter,
    close: async () => {
      await backend.stop();
      await azurite.stop();
    },
  };
}

function openMemory(): Hub {
  const backend = new MemoryBackend();
  return { backend, close: () => backend.stop() };
}
