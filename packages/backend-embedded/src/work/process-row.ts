import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** What a process that works says of itself. */
export interface ProcessRow {
  readonly pid: number;
  /** Where `pid` means something. */
  readonly machine: string;
  /** The file it works on: in a copy of the hub nobody works yet. */
  readonly file: string;
  readonly expiresAt: number;
}

/** A partition's row. */
export interface Claim {
  readonly owner: string | null;
  /** Changes with every owner. */
  readonly epoch: number;
}

export function claimOf(owner: string | null, epoch: number): string {
  const claim: Claim = { owner, epoch };
  return JSON.stringify(claim);
}

/** @param hub Identity of the file. */
export function isAlive({ pid, machine, file, expiresAt }: ProcessRow, hub: string, now: number): boolean {
  return expiresAt > now && file === hub && (machine !== MACHINE || isRunning(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is there, and somebody else's
  }
}

/** Processes that can see each other's ids: of the same start of the same machine, in the same container. */
export const MACHINE = [
  hostname(),
  attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
  attempt(() => readlinkSync("/proc/self/ns/pid")),
].join(" ");

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return ""; // not on this system
  }
}
