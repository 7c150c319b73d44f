/** Task hubs of each kind, to run the same tests on. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend } from "@perdure/core";
import { AzureStorageBackend } from "@perdure/backend-azure-storage";
import { EmbeddedBackend } from "@perdure/backend-embedded";
import { MemoryBackend } from "@perdure/backend-memory";

export interface HubKind {
  readonly name: string;
  open: () => { readonly backend: Backend; readonly remove: () => Promise<void> };
}

export const memory: HubKind = {
  name: "memory",
  open: () => ({ backend: new MemoryBackend(), remove: () => Promise.resolve() }),
};

export const embedded: HubKind = {
  name: "embedded",
  open: () => {
    const folder = mkdtempSync(join(tmpdir(), "perdure-http-"));
    return {
      backend: new EmbeddedBackend({ path: join(folder, "hub.perdure"), relaxedDurability: true }),
      remove: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

export const azurite: HubKind = {
  name: "Azurite",
  open: () => {
    const { backend, connect } = openAzurite();
    return { backend, remove: () => connect().deleteTaskHub() };
  },
};

/** A hub on the emulator, and as many connections to it as there are processes. */
export function openAzurite(): { readonly backend: Backend; readonly connect: () => Backend } {
  const connectionString = process.env["PERDURE_TEST_STORAGE"];
  if (!connectionString) throw new Error("Set PERDURE_TEST_STORAGE, or let jest's global setup do it.");
  const taskHub = `http${randomUUID().replaceAll("-", "").slice(0, 16)}`;
  const connect = (): Backend => new AzureStorageBackend({ taskHub, connectionString });
  return { backend: connect(), connect };
}
