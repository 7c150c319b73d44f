import { createRequire } from "node:module";
import path from "node:path";
import type * as AzureStorage from "@perdure/backend-azure-storage";
import { EmbeddedBackend } from "@perdure/backend-embedded";
import type { Backend, Logger } from "@perdure/core";
import { usageFailure } from "../failures";
import type { Place } from "./place";

export type StoragePlace = Exclude<Place, { readonly kind: "server" }>;

const AZURE_PACKAGE = "@perdure/backend-azure-storage";

/**
 * The backend of a place. Nothing is read or made yet.
 *
 * @throws CommandFailure when its package is not installed; BackendConfigurationError.
 */
export function openBackend(place: StoragePlace, workingFolder: string, logger?: Logger): Backend {
  const logging = logger === undefined ? {} : { logger };
  if (place.kind === "file") return new EmbeddedBackend({ path: place.path, ...logging });
  const { AzureStorageBackend } = azureStorage(workingFolder);
  const { connectionString, taskHub } = place;
  return new AzureStorageBackend({ connectionString, taskHub, ...logging });
}

/** It is installed by who needs it, with the command line or with the project. */
function azureStorage(workingFolder: string): typeof AzureStorage {
  for (const from of [__filename, path.join(workingFolder, "package.json")]) {
    const load = createRequire(from);
    try {
      return load(AZURE_PACKAGE) as typeof AzureStorage;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw usageFailure(
    `Azure Storage needs ${AZURE_PACKAGE}, which is not installed.`,
    `Install it: npm install ${AZURE_PACKAGE}`,
  );
}
