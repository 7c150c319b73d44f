import { setTimeout as sleep } from "node:timers/promises";
import { isTerminal } from "perdure";
import type { Board } from "./board";
import type { Observer } from "./observer";
import type { WorkerProcess } from "./worker-process";

/** What the crash met, and what came of it. */
export interface Crash {
  readonly killedPid: number;
  readonly replacementPid: number;
  /** Ids of the instances that were under way. */
  readonly interrupted: readonly string[];
  /** From the crash to the first change of one of them. */
  readonly resumedAfterMs: number | undefined;
}

/** Long enough that every sample has something under way. */
const LET_IT_RUN_MS = 700;
const LOOK_EVERY_MS = 50;

/**
 * Waits until instances run, kills their worker and starts another. Nobody tells the samples, the client or storage.
 *
 * @param over Aborts when there is nothing left to interrupt.
 */
export async function crashInTheMiddle(
  observer: Observer,
  worker: WorkerProcess,
  startAnother: () => Promise<WorkerProcess>,
  over: AbortSignal,
  board: Board,
): Promise<Crash | undefined> {
  const running = (): boolean => observer.instances.some(({ status }) => status === "Running");
  if (!(await until(running, over))) return undefined;
  await sleep(LET_IT_RUN_MS, undefined, { signal: over }).catch(() => undefined);
  if (over.aborted) return undefined;

  await worker.kill();
  const at = Date.now();
  const unfinished = (await observer.look()).filter(({ status }) => !isTerminal(status));
  const interrupted = new Set(unfinished.map(({ instanceId }) => instanceId));
  board.say(`Worker ${worker.pid} is killed, with ${counted(interrupted.size)} under way.`);
  const replacement = await startAnother();

  const resumed = await until(
    () =>
      observer.instances.some(
        ({ instanceId, lastUpdatedAt }) => interrupted.has(instanceId) && lastUpdatedAt.getTime() > at,
      ),
    over,
  );
  return {
    killedPid: worker.pid,
    replacementPid: replacement.pid,
    interrupted: [...interrupted],
    resumedAfterMs: resumed ? Date.now() - at : undefined,
  };
}

export function counted(instances: number): string {
  return instances === 1 ? "1 instance" : `${instances} instances`;
}

/** False when it was over first. */
async function until(condition: () => boolean, over: AbortSignal): Promise<boolean> {
  while (!condition()) {
    if (over.aborted) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}
