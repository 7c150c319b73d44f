import { randomBytes } from "node:crypto";
import type { HubOptions, Planter, TroubledHub } from "@perdure/backend-conformance";
import type { Backend, Clock } from "@perdure/core";
import { AzureStorageBackend } from "../../src/backend";
import { LeaseTable } from "../../src/lease-table";
import { hubNames, keyOf } from "../../src/names";
import type { Storage } from "../../src/storage/storage";

const MONTH_MS = 30 * 86_400_000;

/** A hub of its own on some storage, in which things go wrong. */
export async function openTroubledHub(
  clock: Clock,
  connect: () => Storage,
  { lockMs, ...limits }: HubOptions,
  ended: () => Promise<void>,
): Promise<TroubledHub> {
  const taskHub = `T${randomBytes(6).toString("hex")}`;
  const processes = new Set<Backend>();
  const open = (): AzureStorageBackend =>
    new AzureStorageBackend({
      ...{ taskHub, storage: connect(), clock, messageVisibility: lockMs, partitionCount: 1 },
      ...{
        leaseRenewInterval: Math.max(500, lockMs / 12),
        idleLeaseRenewInterval: "1h",
        maxPollInterval: "1s",
      },
      startSweepInterval: "365d", // a lost start is for the doctor to find
      ...limits,
    });
  const another = async (): Promise<Backend> => {
    const backend = open();
    processes.add(backend);
    await backend.createTaskHub();
    await backend.start();
    return backend;
  };
  const storage = connect();
  return {
    backend: await another(),
    clock,
    listingLagMs: 1500,
    another,
    crash: () => Promise.reject(new Error("no row needs it")),
    planter: planterIn(taskHub, storage, clock),
    dispose: async () => {
      for (const backend of processes) await backend.stop();
      const cleaner = open();
      await cleaner.deleteTaskHub();
      await cleaner.stop();
      await storage.close();
      await ended();
    },
  };
}

function planterIn(taskHub: string, storage: Storage, clock: Clock): Planter {
  const names = hubNames(taskHub);
  const blobs = storage.container(names.largeMessages);
  return {
    loseMessages: async () => {
      for (const name of [names.workItems, names.control(0)]) {
        await storage.queue(name).deleteIfPresent();
        await storage.queue(name).createIfMissing();
      }
    },
    occupy: async () => {
      const leases = new LeaseTable(storage.table(names.partitions), names);
      const rows = await leases.readAll();
      const change = { owner: "ghost", expiresAt: clock.now() + MONTH_MS, epoch: 7 };
      await leases.update(rows.map((row) => ({ row, change })));
    },
    orphans: {
      OrphanPayload: (instanceId) =>
        blobs.put(`${keyOf(instanceId)}/instance-Input-0.json.gz`, Buffer.from("x")),
      OrphanHistory: async (instanceId) => {
        const row = {
          partitionKey: keyOf(instanceId),
          rowKey: "0000000000000000",
          EventType: "OrchestratorStarted",
        };
        await storage.table(names.history).write({ kind: "insert", row });
      },
    },
  };
}
