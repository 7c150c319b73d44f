import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { RemoteHub } from "../hubs/hub";
import type { Usage } from "./usage";

const PROGRAM = path.join(__dirname, "worker.js");

/** Starts a worker process on the hub, lets it idle, stops it, and resolves with what it used meanwhile. */
export async function idleProcess(remote: RemoteHub, seconds: number): Promise<Usage> {
  const child = fork(PROGRAM, [JSON.stringify({ remote, seconds })], { execArgv: [] });
  let usage: Usage | undefined;
  child.once("message", (message) => (usage = message as Usage));
  await once(child, "exit");
  if (!usage) throw new Error("The idle worker process ended without a word.");
  return usage;
}
