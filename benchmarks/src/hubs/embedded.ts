import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { EmbeddedBackend } from "@perdure/backend-embedded";
import type { Setting } from "../setting";
import type { Hub } from "./hub";

/** A file in a fresh directory. */
export function openEmbedded({ directory, relaxed }: Setting): Hub {
  const folder = mkdtempSync(path.join(directory, "perdure-bench-"));
  const options = { path: path.join(folder, "hub.perdure"), relaxedDurability: relaxed };
  return {
    open: () => new EmbeddedBackend(options),
    remote: { package: "@perdure/backend-embedded", backend: "EmbeddedBackend", options },
    close: () => {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  };
}
