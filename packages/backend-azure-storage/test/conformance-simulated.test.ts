import { describeBackend } from "@perdure/backend-conformance";
import { VirtualClock } from "@perdure/core";
import { SimulatedStorage } from "./simulated-storage";
import { openHub } from "./support/harness";
import { keepMoving } from "./support/keep-moving";

const threads = "compression runs on threads, which virtual time does not wait for; it runs on the emulator";
const decade =
  "ten years of looks at queues and leases take longer than a test may; the case of 400 days runs";

const burst =
  "ten thousand hidden messages take half a minute to simulate; I4, T9 and R17 have bursts that are smaller";

describeBackend("Azure Storage, simulated", {
  time: "virtual",
  skips: {
    "a message delayed by 10 years comes then, and only then": decade,
    "a timer of 10 years fires then, once, and is one row of history": decade,
    "I5: ten thousand timers due in one second all fire, none early, instance by instance in their order":
      burst,
    "a payload comes back byte for byte: 1 MiB": threads,
    "a value goes through instance, activity and result unharmed: a million characters": threads,
    "a payload comes back byte for byte: 5 MiB that does not compress": threads,
  },
  open: (options) => {
    const clock = new VirtualClock();
    const storage = new SimulatedStorage(clock);
    return openHub(clock, () => storage.connect(), options, keepMoving(clock));
  },
});
