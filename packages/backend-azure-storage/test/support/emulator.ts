import type { BackendHarness } from "@perdure/backend-conformance";
import { systemClock } from "@perdure/core";
import { connectStorage } from "../../src/storage/azure-storage";
import { openHub } from "./harness";

const connectionString = process.env["PERDURE_TEST_STORAGE"] ?? "";

/** Hubs on the emulator, in real time. */
export const emulator: BackendHarness = {
  time: "real",
  timeoutMs: 60_000,
  attempts: 3,
  skips: {
    "a fan-out of 1,000 activities is one checkpoint, and each is sent":
      "a thousand messages make the emulator, which scans them all, stand still for the cases beside it",
  },
  open: (options) =>
    openHub(
      systemClock,
      () => connectStorage({ connectionString }),
      options,
      () => Promise.resolve(),
    ),
};
