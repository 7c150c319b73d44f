import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import { AzureStorageBackend } from "@perdure/backend-azure-storage";
import { EmbeddedBackend } from "@perdure/backend-embedded";
import type { Backend } from "perdure";

/** Where instances live: a task hub in a storage account or, without one, in a file of this machine. */
export interface HubAddress {
  readonly connectionString?: string;
  readonly taskHub: string;
}

export const DEFAULT_HUB = "PerdureSamples";

/** Git ignores it. */
const DATA_FOLDER = path.resolve(__dirname, "../../.perdure");

/** What PERDURE_STORAGE and PERDURE_HUB say; without them, a file in the data folder. */
export function hubOfEnvironment(): HubAddress {
  const { PERDURE_STORAGE: connectionString, PERDURE_HUB: taskHub = DEFAULT_HUB } = process.env;
  return connectionString ? { connectionString, taskHub } : { taskHub };
}

/** The same as an environment, for another process. A connection string is a secret: never put it in arguments. */
export function environmentOf({ connectionString = "", taskHub }: HubAddress): Record<string, string> {
  return { PERDURE_STORAGE: connectionString, PERDURE_HUB: taskHub };
}

/** A name that no other run uses. */
export function newHubName(): string {
  return `${DEFAULT_HUB}${randomBytes(3).toString("hex")}`;
}

/** The file of a hub that is on this machine. */
export function fileOf(taskHub: string): string {
  return path.join(DATA_FOLDER, `${taskHub}.perdure`);
}

export function openBackend({ connectionString, taskHub }: HubAddress): Backend {
  if (connectionString === undefined) return new EmbeddedBackend({ path: fileOf(taskHub) });
  return new AzureStorageBackend({
    connectionString,
    taskHub,
    // For the show: a dead worker is replaced within about five seconds, and what other processes send is seen within
    // one. It costs storage requests, also while nothing happens. Leave these out in production: the defaults suit it.
    leaseRenewInterval: "1s",
    idleLeaseRenewInterval: "1s",
    messageVisibility: "5s",
    maxPollInterval: "1s",
  });
}

/** Deletes a hub that nobody works on any more. */
export async function deleteHub({ connectionString, taskHub }: HubAddress, backend: Backend): Promise<void> {
  if (connectionString !== undefined) return backend.deleteTaskHub();
  await backend.stop();
  const file = fileOf(taskHub);
  await Promise.all([file, `${file}-lock`, `${file}-bell`].map((name) => rm(name, { force: true })));
}
