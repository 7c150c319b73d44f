/** Task hubs on Azure Storage, and on Azurite. */
export { AzureStorageBackend } from "./backend";
export type { AzureStorageBackendOptions } from "./backend";
export type { AzureStorageTuning } from "./settings";
export type { ClockSkew } from "./storage-clock";
export type { ConnectOptions } from "./storage/azure-storage";
export type { StorageConnection } from "./storage/connection";
export type { StorageRequest } from "./storage/storage-request";
