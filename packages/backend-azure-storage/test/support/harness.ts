import { randomBytes } from "node:crypto";
import type { HubOptions, TestHub } from "@perdure/backend-conformance";
import type { Backend, Clock } from "@perdure/core";
import { AzureStorageBackend } from "../../src/backend";
import type { Storage } from "../../src/storage/storage";
import { Mortal } from "./mortal";

const LONGEST_RENEWAL_MS = 3_600_000;

/** A hub of its own on some storage, with processes that can be killed and hung. */
export async function openHub(
  clock: Clock,
  connect: () => Storage,
  { lockMs, ...limits }: HubOptions,
  ended: () => Promise<void>,
): Promise<TestHub> {
  const taskHub = `T${randomBytes(6).toString("hex")}`;
  const processes = new Map<Backend, Mortal>();
  const another = async (): Promise<Backend> => {
    const mortal = new Mortal(clock, connect());
    const backend = new AzureStorageBackend({
      taskHub,
      storage: mortal.connection,
      clock: mortal,
      messageVisibility: lockMs,
      leaseRenewInterval: Math.min(lockMs / 3, LONGEST_RENEWAL_MS),
      idleLeaseRenewInterval: "1d", // cases that sleep for years renew and poll no more than they must
      maxPollInterval: "1d",
      partitionCount: 2,
      startSweepInterval: "365d", // a start that a case consumes without a commit would come again
      ...limits,
    });
    processes.set(backend, mortal);
    await backend.createTaskHub();
    await backend.start();
    return backend;
  };
  return {
    backend: await another(),
    clock,
    listingLagMs: 1500,
    another,
    crash: (backend) => {
      processes.get(backend)?.die();
      backend.stop = () => Promise.resolve(); // a worker of the dead process may still be told to stop
      return Promise.resolve();
    },
    pause: (backend) => {
      processes.get(backend)?.hang();
      backend.stop = () => Promise.resolve();
      return Promise.resolve();
    },
    dispose: async () => {
      for (const [backend, mortal] of processes) if (!mortal.isGone) await backend.stop();
      const cleaner = new AzureStorageBackend({ taskHub, storage: connect(), clock });
      await cleaner.deleteTaskHub();
      await cleaner.stop();
      await ended();
    },
  };
}
