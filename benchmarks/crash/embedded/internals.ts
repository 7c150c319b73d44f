/** Parts of the embedded backend that are its own: the test looks into the file and dies within a commit. */
import { createRequire } from "node:module";
import path from "node:path";
import type * as hubFile from "../../../packages/backend-embedded/src/file/hub-file";
import type * as instanceRow from "../../../packages/backend-embedded/src/file/instance-row";
import type * as keysOfFile from "../../../packages/backend-embedded/src/file/keys";
import type { LetterRow } from "../../../packages/backend-embedded/src/work/letter";

export type { InstanceRow } from "../../../packages/backend-embedded/src/file/instance-row";
export type { Key } from "../../../packages/backend-embedded/src/file/keys";
export type HubFile = hubFile.HubFile;
export type TaskMessage = NonNullable<LetterRow["message"]>;

const load = createRequire(__filename);
const folder = path.join(path.dirname(load.resolve("@perdure/backend-embedded")), "file");

export const { HubFile } = load(path.join(folder, "hub-file")) as typeof hubFile;
export const { keys, partitionOf, under, historyOf, isState } = load(
  path.join(folder, "keys"),
) as typeof keysOfFile;
export const { indexed, parseRow } = load(path.join(folder, "instance-row")) as typeof instanceRow;
