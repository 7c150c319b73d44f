import { PausableClock, describeTroubles } from "@perdure/backend-conformance";
import { VirtualClock } from "@perdure/core";
import type { Backend } from "@perdure/core";
import { MemoryBackend, MemoryStore } from "../src";
import { keepMoving } from "./virtual-time";

describeTroubles("memory", {
  time: "virtual",
  skips: {
    "a partition that a process which is not there owns for a month": "there are no partitions",
    "OrphanPayload: what an instance has left that is not there": "payloads are in the rows",
    "OrphanHistory: what an instance has left that is not there": "an instance is one record",
    "OrphanMessage: what an instance has left that is not there": "an instance is one record",
  },
  open: async (options) => {
    const clock = new VirtualClock();
    const stopTime = keepMoving(clock);
    const store = new MemoryStore();
    const processes = new Set<Backend>();
    const another = async (): Promise<Backend> => {
      const backend = new MemoryBackend({ store, clock: new PausableClock(clock), ...options });
      processes.add(backend);
      await backend.start();
      return backend;
    };
    return {
      backend: await another(),
      clock,
      another,
      crash: () => Promise.reject(new Error("no row needs it")),
      planter: {
        loseMessages: async () => {
          for (const record of store.instances) {
            record.mailbox.delete(new Set(record.mailbox.all.map(({ message }) => message.id)));
            store.reschedule(record);
          }
          store.activities.clear();
        },
        orphans: {},
      },
      dispose: async () => {
        for (const backend of processes) await backend.stop();
        await stopTime();
      },
    };
  },
});
