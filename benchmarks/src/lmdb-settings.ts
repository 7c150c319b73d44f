import type { RootDatabaseOptions } from "lmdb";

/** How the embedded backend opens its file: a commit resolves after its fsync. */
export const LMDB_SETTINGS: RootDatabaseOptions = {
  noSubdir: true,
  encoding: "string",
  overlappingSync: false,
  eventTurnBatching: false,
};
