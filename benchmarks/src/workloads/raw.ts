import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { setImmediate as eventLoopTurn } from "node:timers/promises";
import { open } from "lmdb";
import { closedLoop } from "../closed-loop";
import { LMDB_SETTINGS } from "../lmdb-settings";
import type { Outcome } from "../results";
import type { Setting } from "../setting";
import { percentile } from "../statistics";
import type { Workload } from "../workload";

const GROUP = 64;
const MOST_COMMITS = 1_000_000;
/** About what a checkpoint of a small turn writes. */
const RECORD = "x".repeat(400);

/** What the machine can do without Perdure, in the same run: the floor that the other figures stand on. */
export const rawWorkload: Workload = {
  id: "raw",
  title: "what the machine does without Perdure",
  cases: (setting) => [
    { name: "event-loop turn", run: () => turns(setting) },
    ...(setting.backend === "embedded"
      ? [
          { name: "LMDB commits of one record", run: () => commits(setting, 1) },
          { name: `LMDB commits of ${GROUP} records`, run: () => commits(setting, GROUP) },
        ]
      : []),
  ],
};

async function turns({ quick }: Setting): Promise<Outcome> {
  const total = quick ? 10_000 : 200_000;
  const startedAt = performance.now();
  for (let i = 0; i < total; i++) await eventLoopTurn();
  return { size: { turns: total }, figures: { turnUs: ((performance.now() - startedAt) / total) * 1000 } };
}

/** One commit after the other, each waited for until it is on the disk, as the embedded backend commits. */
async function commits({ quick, directory, relaxed }: Setting, records: number): Promise<Outcome> {
  const folder = mkdtempSync(path.join(directory, "perdure-bench-"));
  const file = path.join(folder, "raw.mdb");
  const database = open<string, number>({ ...LMDB_SETTINGS, noSync: relaxed, path: file });
  try {
    let key = 0;
    const commit = async (): Promise<void> => {
      await database.childTransaction(() => {
        for (let i = 0; i < records; i++) database.putSync(key++, RECORD);
      });
    };
    const { elapsedMs, latenciesMs } = await closedLoop(MOST_COMMITS, 1, commit, quick ? 300 : 3000);
    const count = latenciesMs.length;
    return {
      size: { commits: count, "records each": records },
      figures: {
        commitsPerSecond: (count / elapsedMs) * 1000,
        recordsPerSecond: (key / elapsedMs) * 1000,
        p50Ms: percentile(latenciesMs, 50),
        p99Ms: percentile(latenciesMs, 99),
      },
    };
  } finally {
    await database.close();
    rmSync(folder, { recursive: true });
  }
}
