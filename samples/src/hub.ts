import { AzureStorageBackend } from "@perdure/backend-azure-storage";

/** Where instances live: a storage account, and a task hub in it. */
export interface HubAddress {
  readonly connectionString: string;
  readonly taskHub: string;
}

export const DEFAULT_HUB = "PerdureSamples";

/** What PERDURE_STORAGE and PERDURE_HUB say; without them, an emulator at its usual ports. */
export function hubOfEnvironment(): HubAddress {
  return {
    connectionString: process.env["PERDURE_STORAGE"] ?? "UseDevelopmentStorage=true",
    taskHub: process.env["PERDURE_HUB"] ?? DEFAULT_HUB,
  };
}

/** The same as an environment, for another process. A connection string is a secret: never put it in arguments. */
export function environmentOf({ connectionString, taskHub }: HubAddress): Record<string, string> {
  return { PERDURE_STORAGE: connectionString, PERDURE_HUB: taskHub };
}

export function openBackend(hub: HubAddress): AzureStorageBackend {
  return new AzureStorageBackend({
    ...hub,
    // For the show: a dead worker is replaced within about five seconds, and what other processes send is seen within
    // one. It costs storage requests, also while nothing happens. Leave these out in production: the defaults suit it.
    leaseRenewInterval: "1s",
    idleLeaseRenewInterval: "1s",
    messageVisibility: "5s",
    maxPollInterval: "1s",
  });
}
