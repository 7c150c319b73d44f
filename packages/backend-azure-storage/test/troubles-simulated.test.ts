import { describeTroubles } from "@perdure/backend-conformance";
import { VirtualClock } from "@perdure/core";
import { SimulatedStorage } from "./simulated-storage";
import { keepMoving } from "./support/keep-moving";
import { openTroubledHub } from "./support/troubled-hub";

describeTroubles("Azure Storage, simulated", {
  time: "virtual",
  skips: {
    "OrphanMessage: what an instance has left that is not there": "queues show nothing that is hidden",
  },
  open: (options) => {
    const clock = new VirtualClock();
    const storage = new SimulatedStorage(clock);
    return openTroubledHub(clock, () => storage.connect(), options, keepMoving(clock));
  },
});
