import { PausableClock, describeBackend } from "@perdure/backend-conformance";
import { VirtualClock } from "@perdure/core";
import type { Backend } from "@perdure/core";
import { MemoryBackend, MemoryStore } from "../src";
import { keepMoving } from "./virtual-time";

describeBackend("memory", {
  time: "virtual",
  open: async (options) => {
    const clock = new VirtualClock();
    const stopTime = keepMoving(clock);
    const store = new MemoryStore();
    const processes = new Map<Backend, { readonly backend: MemoryBackend; readonly clock: PausableClock }>();
    const another = async () => {
      const own = new PausableClock(clock);
      const backend = new MemoryBackend({ store, clock: own, ...options });
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
      },
    };
  },
});
