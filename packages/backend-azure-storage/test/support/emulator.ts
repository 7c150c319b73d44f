import type { BackendHarness } from "@perdure/backend-conformance";
import { systemClock } from "@perdure/core";
import { connectStorage } from "../../src/storage/azure-storage";
import { openHub } from "./harness";

const connectionString = process.env["PERDURE_TEST_STORAGE"] ?? "";

/** Hubs on the emulator, in real time. */
export const emulator: BackendHarness = {
  time: "real",
  attempts: 3,
  skips: {
    "events that come before anyone waits are kept, each name in order":
      "a machine that stands still for longer than a lease costs the order; it runs on simulated storage",
  },
  timeoutMs: 60_000,
  open: (options) =>
    openHub(
      systemClock,
      () => connectStorage({ connectionString }),
      options,
      () => Promise.resolve(),
    ),
};
