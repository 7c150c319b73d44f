import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { AZURITE_OPTIONS } from "./hubs/azurite";
import type { BackendName, Setting } from "./setting";

/** What the numbers depend on. */
export interface Environment {
  readonly backend: BackendName;
  readonly quick: boolean;
  /** What a resolved commit means. */
  readonly durability: string;
  /** By name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: {
    readonly cpuModel: string;
    readonly cpus: number;
    readonly memoryGiB: number;
    readonly platform: string;
  };
  /** Options that are not the defaults. */
  readonly settings: object;
}

export function environment(setting: Setting): Environment {
  const { backend, quick } = setting;
  return {
    backend,
    quick,
    durability: durability(setting),
    versions: {
      perdure: versionIn(path.join(__dirname, "../../packages/perdure/package.json")),
      node: process.versions.node,
      ...(backend === "azurite" ? { azurite: versionOf("azurite") } : {}),
      ...(backend === "embedded" ? { lmdb: versionOf("lmdb") } : {}),
    },
    machine: {
      cpuModel: os.cpus()[0]?.model.trim() ?? "unknown processor",
      cpus: os.availableParallelism(),
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      platform: `${os.platform()} ${os.arch()}`,
    },
    settings: settings(setting),
  };
}

function durability({ backend, relaxed }: Setting): string {
  switch (backend) {
    case "embedded":
      return relaxed
        ? "relaxed: commits are not fsynced, a power cut may lose or break them"
        : "commits resolve when fsynced";
    case "memory":
      return "none";
    case "azurite":
      return "none: the emulator keeps all in memory, in a process of its own";
  }
}

function settings({ backend, relaxed }: Setting): object {
  if (backend === "azurite") return AZURITE_OPTIONS;
  return backend === "embedded" ? { relaxedDurability: relaxed } : {};
}

/** Not through `require`: a package may export no package.json. */
function versionOf(name: string): string {
  const folders = require.resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      return versionIn(path.join(folder, name, "package.json"));
    } catch {
      continue; // it is in another folder
    }
  }
  return "unknown";
}

function versionIn(file: string): string {
  const manifest = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  return manifest.version;
}
