import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandFailure, usageFailure } from "../failures";

const HOST = "127.0.0.1";
/** Those of `UseDevelopmentStorage=true`. */
const PORTS = { blob: 10_000, queue: 10_001, table: 10_002 } as const;
const LOOKS = 300;
const LOOK_MS = 100;
const PATIENCE_MS = 10_000;

/**
 * Starts Azurite on its usual ports, with its data in `azurite` of a folder; takes the one that is there, if there is one.
 *
 * Resolves with what ends it; one that was there goes on.
 *
 * @throws CommandFailure when it is not installed, or does not start.
 */
export async function startEmulator(dataFolder: string, workingFolder: string): Promise<() => Promise<void>> {
  const taken = await Promise.all(Object.values(PORTS).map(answers));
  if (taken.every(Boolean)) return () => Promise.resolve();
  const program = programIn(workingFolder);
  const location = path.join(dataFolder, "azurite");
  await mkdir(location, { recursive: true });
  const ports = Object.entries(PORTS).flatMap(([service, port]) => [
    ...[`--${service}Host`, HOST],
    ...[`--${service}Port`, String(port)],
  ]);
  const args = [...ports, "--location", location, "--silent", "--skipApiVersionCheck", "--disableTelemetry"];
  const child = fork(require.resolve("./azurite-process"), [program, ...args], {
    detached: true, // Ctrl+C is for us: it ends last
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let lastWords = "";
  child.stderr
    ?.setEncoding("utf8")
    .on("data", (text: string) => (lastWords = (lastWords + text).slice(-1000)));
  const stop = (): Promise<void> => stopped(child);
  for (let look = 0; look < LOOKS; look++) {
    if (child.exitCode !== null) break;
    if ((await Promise.all(Object.values(PORTS).map(answers))).every(Boolean)) return stop;
    await sleep(LOOK_MS);
  }
  await stop();
  throw new CommandFailure("unreachable", `Azurite did not start. ${lastWords.trim()}`, [
    `Are the ports ${Object.values(PORTS).join(", ")} free?`,
  ]);
}

function programIn(workingFolder: string): string {
  for (const from of [path.join(workingFolder, "package.json"), __filename]) {
    try {
      const manifest = createRequire(from).resolve("azurite/package.json");
      return path.join(path.dirname(manifest), "dist/src/azurite.js");
    } catch {
      // look elsewhere
    }
  }
  throw usageFailure(
    "Azurite is not installed.",
    "Install it: npm install --save-dev azurite @perdure/backend-azure-storage",
  );
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM"); // it saves its data
  const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  await gone;
  clearTimeout(patience);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: HOST });
    const settle = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}
