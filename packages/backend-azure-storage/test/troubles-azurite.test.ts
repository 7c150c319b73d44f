import { describeTroubles } from "@perdure/backend-conformance";
import { systemClock } from "@perdure/core";
import { connectStorage } from "../src/storage/azure-storage";
import { openTroubledHub } from "./support/troubled-hub";

const connectionString = process.env["PERDURE_TEST_STORAGE"] ?? "";

describeTroubles("Azure Storage, on the emulator", {
  time: "real",
  timeoutMs: 60_000,
  skips: {
    "OrphanMessage: what an instance has left that is not there": "queues show nothing that is hidden",
  },
  open: (options) =>
    openTroubledHub(
      systemClock,
      () => connectStorage({ connectionString }),
      options,
      () => Promise.resolve(),
    ),
});
