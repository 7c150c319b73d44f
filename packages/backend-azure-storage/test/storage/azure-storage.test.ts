import { setTimeout } from "node:timers/promises";
import { VirtualClock } from "@perdure/core";
import { SimulatedStorage } from "../simulated-storage";
import { connectTestStorage, describeStorage } from "./describe-storage";

describeStorage("SimulatedStorage", () => {
  const clock = new VirtualClock();
  return {
    storage: new SimulatedStorage(clock),
    pass: (seconds) => {
      clock.jumpTo(clock.now() + seconds * 1000);
      return Promise.resolve();
    },
  };
});

describeStorage("Azure Storage", () => ({
  storage: connectTestStorage(),
  pass: (seconds) => setTimeout(seconds * 1000 + 100), // the only way to make the service's time pass
}));
