import { AzureStorageBackend } from "@perdure/backend-azure-storage";
import type { AzureStorageBackendOptions, ConnectOptions } from "@perdure/backend-azure-storage";
import { startAzurite } from "../../../scripts/azurite";
import type { Hub } from "./hub";
import { StorageCounter } from "./storage-counter";

const TASK_HUB = "Bench";

/** Options of the backend that are not its defaults. */
export const AZURITE_OPTIONS = { partitionCount: 4 };

export async function openAzurite(): Promise<Hub> {
  const azurite = await startAzurite({ inMemory: true, ports: { blob: 0, queue: 0, table: 0 } });
  const counter = new StorageCounter(TASK_HUB);
  const options = { ...AZURITE_OPTIONS, taskHub: TASK_HUB, connectionString: azurite.connectionString };
  const counted: AzureStorageBackendOptions & Pick<ConnectOptions, "onRequest"> = {
    ...options,
    onRequest: (request) => counter.count(request),
  };
  return {
    open: () => new AzureStorageBackend(counted),
    counter,
    remote: { package: "@perdure/backend-azure-storage", backend: "AzureStorageBackend", options },
    close: () => azurite.stop(),
  };
}
