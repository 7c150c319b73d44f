import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PausableClock, describeTroubles } from "@perdure/backend-conformance";
import type { Planter } from "@perdure/backend-conformance";
import { VirtualClock } from "@perdure/core";
import type { Clock } from "@perdure/core";
import { EmbeddedBackend } from "../src";
import { HubFile } from "../src/file/hub-file";
import { keys, under } from "../src/file/keys";
import { keepMoving } from "./virtual-time";

const MONTH_MS = 30 * 86_400_000;

describeTroubles("embedded", {
  time: "virtual",
  skips: {
    "OrphanPayload: what an instance has left that is not there":
      "payloads are in the rows of their instance",
  },
  open: async (options) => {
    const clock = new VirtualClock();
    const directory = mkdtempSync(path.join(tmpdir(), "perdure-embedded-"));
    const file = path.join(directory, "hub.perdure");
    const processes = new Set<EmbeddedBackend>();
    const stopTime = keepMoving(clock, async () => {
      const busy = [...processes].filter(({ isBusy }) => isBusy);
      await Promise.all(busy.map((backend) => backend.settled()));
      return busy.length > 0;
    });
    const another = async (): Promise<EmbeddedBackend> => {
      const backend = new EmbeddedBackend({
        ...{ path: file, partitionCount: 1, relaxedDurability: true },
        clock: new PausableClock(clock),
        ...options,
      });
      processes.add(backend);
      await backend.start();
      return backend;
    };
    return {
      backend: await another(),
      clock,
      another,
      crash: () => Promise.reject(new Error("no row needs it")),
      planter: planterIn(file, clock),
      dispose: async () => {
        for (const backend of processes) await backend.stop();
        await stopTime();
        rmSync(directory, { recursive: true });
      },
    };
  },
});

function planterIn(path: string, clock: Clock): Planter {
  const change = async (action: (file: HubFile) => void): Promise<void> => {
    const file = HubFile.open(path, true);
    await file.transact(() => action(file));
    await file.close();
  };
  const message = (instanceId: string): object => ({
    ...{ id: "planted", instanceId },
    event: { type: "TimerFired", timestamp: clock.now(), timerId: 0, fireAt: clock.now() + MONTH_MS },
  });
  return {
    loseMessages: () =>
      change((file) => {
        for (const what of ["inbox", "timer", "activity", "anchor"])
          for (const key of file.keysIn(under(what))) file.remove(key);
      }),
    occupy: () =>
      change((file) => {
        const expiresAt = clock.now() + MONTH_MS;
        const row = { pid: 1, machine: "ghost elsewhere", file: file.identity, expiresAt };
        file.put(keys.process("ghost"), JSON.stringify(row));
        file.put(keys.partition(0), JSON.stringify({ owner: "ghost", epoch: 7 }));
      }),
    orphans: {
      OrphanHistory: (instanceId) =>
        change((file) => {
          file.put(keys.history(instanceId, 0), "[]");
          file.put(keys.history(instanceId, 1), "[]");
        }),
      OrphanMessage: (instanceId) =>
        change((file) =>
          file.put(
            keys.timer(0, clock.now() + MONTH_MS, "planted"),
            `[0,${clock.now()},0,${JSON.stringify(message(instanceId))}]`,
          ),
        ),
    },
  };
}
