import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { BackendHarness } from "@perdure/backend-conformance";
import { systemClock } from "@perdure/core";
import type { Backend } from "@perdure/core";
import { ProcessPool } from "./process-pool";
import { RemoteBackend } from "./remote-backend";
import { RemoteProcess } from "./remote-process";

const pool = new ProcessPool();

/** To be called after all cases. */
export const endProcesses = (): Promise<void> => pool.end();

/** Each backend object of a case is in a process of its own; all are on one file, in real time. */
export const processes: BackendHarness = {
  time: "real",
  lockMs: 3000,
  attempts: 2,
  open: async (options) => {
    const directory = mkdtempSync(path.join(tmpdir(), "perdure-embedded-"));
    const remotes = new Map<Backend, RemoteProcess>();
    const another = async (): Promise<Backend> => {
      const remote = new RemoteProcess(pool);
      const backend = new RemoteBackend(remote);
      remotes.set(backend, remote);
      await backend.open({
        path: path.join(directory, "hub.perdure"),
        partitionCount: 1, // cases want the instances of whom they ask
        relaxedDurability: true, // the disk is not what is tested here
        ...options,
      });
      return backend;
    };
    return {
      backend: await another(),
      clock: systemClock,
      another,
      crash: (backend) => remotes.get(backend)!.kill(),
      pause: (backend) => Promise.resolve(remotes.get(backend)!.pause()),
      dispose: async () => {
        for (const [backend, remote] of remotes) {
          if (remote.isPaused) await remote.kill();
          if (remote.isDead) continue;
          await backend.stop();
          remote.giveBack();
        }
        rmSync(directory, { recursive: true });
      },
    };
  },
};
