/** Lets this process kill itself within a certain commit, without a hook in the backend. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Random } from "../random";
import { HubFile } from "./internals";
import type { Key } from "./internals";

export const DEATH_POINTS = [
  "before its commit",
  "after some writes of it",
  "after all writes of it",
  "while it goes to the disk",
  "right after it",
  "after its effects",
] as const;

export interface Death {
  readonly point: (typeof DEATH_POINTS)[number];
  /** The how many-th commit of the process. */
  readonly commit: number;
  /** After how many writes, for that point. */
  readonly writes: number;
  /** How long after the last write, for the way to the disk, in milliseconds. */
  readonly afterMs: number;
}

/** How the names of notes end. */
export const DEATH_NOTE = ".death";

/** What a process that kills itself leaves behind. */
export interface DeathNote {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly death: Death;
}

/** What is changed of the file, to be called on any. */
interface Writing {
  transact: (this: unknown, action: () => void) => Promise<void>;
  put: (this: unknown, key: Key, value: string) => void;
  remove: (this: unknown, key: Key) => void;
}

export function planDeath(random: Random): Death {
  return {
    point: random.pick(DEATH_POINTS),
    commit: random.between(1, random.pick([4, 20, 100])),
    writes: random.between(1, 12),
    afterMs: random.next() * 4,
  };
}

/** @param name Of the process, for its note in the folder. */
export function dieAt(death: Death, folder: string, name: string): void {
  const hub = HubFile.prototype as unknown as Writing;
  const { transact, put, remove } = hub;
  let commits = 0;
  let writes: number | undefined;
  const die = (): void => {
    const note: DeathNote = { at: Date.now(), death };
    writeFileSync(noteOf(folder, name), JSON.stringify(note));
    process.kill(process.pid, "SIGKILL");
  };
  const count = (): void => {
    if (writes !== undefined && ++writes === death.writes) die();
  };
  hub.put = function (...row) {
    put.apply(this, row);
    count();
  };
  hub.remove = function (...row) {
    remove.apply(this, row);
    count();
  };
  hub.transact = async function (action) {
    if (++commits !== death.commit) return transact.call(this, action);
    if (death.point === "before its commit") die();
    await transact.call(this, () => {
      if (death.point === "after some writes of it") writes = 0;
      action();
      if (writes !== undefined || death.point === "after all writes of it") die();
      if (death.point === "while it goes to the disk") setImmediate(dieLater);
    });
    if (death.point === "after its effects") setImmediate(die);
    else die();
  };
  /** The disk is another thread's: this one may wait in the meantime. */
  const dieLater = (): void => {
    const until = performance.now() + death.afterMs;
    while (performance.now() < until);
    die();
  };
}

export function readDeathNote(folder: string, name: string): DeathNote | undefined {
  const file = noteOf(folder, name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as DeathNote) : undefined;
}

function noteOf(folder: string, name: string): string {
  return path.join(folder, name + DEATH_NOTE);
}
