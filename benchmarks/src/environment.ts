import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { SETTINGS } from "./hub";
import type { BackendName } from "./hub";

/** What the numbers depend on. */
export interface Environment {
  readonly backend: BackendName;
  readonly versions: { readonly perdure: string; readonly node: string; readonly azurite: string };
  readonly machine: {
    readonly cpuModel: string;
    readonly cpus: number;
    readonly memoryGiB: number;
    readonly platform: string;
  };
  readonly settings: object;
}

export function environment(backend: BackendName): Environment {
  return {
    backend,
    versions: {
      perdure: versionIn(path.join(__dirname, "../../packages/perdure/package.json")),
      node: process.version,
      azurite: versionIn(require.resolve("azurite/package.json")),
    },
    machine: {
      cpuModel: os.cpus()[0]?.model.trim() ?? "unknown processor",
      cpus: os.availableParallelism(),
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      platform: `${os.platform()} ${os.arch()}`,
    },
    settings: SETTINGS[backend],
  };
}

function versionIn(file: string): string {
  const manifest = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  return manifest.version;
}
