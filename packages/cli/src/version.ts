import { readFileSync } from "node:fs";
import path from "node:path";

/** Of this package, which all packages of a release share. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(path.join(packageFolder(), "package.json"), "utf8")) as {
    readonly version: string;
  };
  return manifest.version;
}

/** Where this package is installed. */
export function packageFolder(): string {
  return path.resolve(__dirname, "..");
}
