import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PausableClock, describeBackend } from "@perdure/backend-conformance";
import { VirtualClock } from "@perdure/core";
import type { Backend } from "@perdure/core";
import { EmbeddedBackend } from "../src";
import { keepMoving } from "./virtual-time";

describeBackend("embedded", {
  time: "virtual",
  open: async (options) => {
    const clock = new VirtualClock();
    const directory = mkdtempSync(path.join(tmpdir(), "perdure-embedded-"));
    const processes = new Map<
      Backend,
      { readonly backend: EmbeddedBackend; readonly clock: PausableClock }
    >();
    const stopTime = keepMoving(clock, async () => {
      const busy = [...processes.values()].filter(({ backend }) => backend.isBusy);
      await Promise.all(busy.map(({ backend }) => backend.settled()));
      return busy.length > 0;
    });
    const another = async () => {
      const own = new PausableClock(clock);
      const backend = new EmbeddedBackend({
        path: path.join(directory, "hub.perdure"),
        partitionCount: 1, // cases want the instances of whom they ask
        clock: own,
        relaxedDurability: true, // the disk is not what is tested here
        ...options,
      });
      processes.set(backend, { backend, clock: own });
      await backend.createTaskHub();
      await backend.start();
      return backend;
    };
    return {
      backend: await another(),
      clock,
      another,
      crash: async (backend) => processes.get(backend)!.backend.crash(),
      pause: async (backend) => processes.get(backend)!.clock.pause(),
      dispose: async () => {
        for (const backend of processes.keys()) await backend.stop();
        await stopTime();
        rmSync(directory, { recursive: true });
      },
    };
  },
});
