import { setTimeout as sleep } from "node:timers/promises";
import { defineActivity } from "perdure";
import type { ActivityDefinition, OrchestrationContext, Task } from "perdure";
import type { ExecutionLog } from "./execution-log";

/** One call of the only activity of this test. */
export interface WorkInput {
  /** Names the call: one in the straight-line run, so at least one here. */
  readonly key: string;
  readonly value: number;
  /** How long the activity takes. */
  readonly ms: number;
  /** The activity follows a timer that was due then, in milliseconds since the epoch. */
  readonly timerDueAt?: number;
}

const NAME = "work";

/** What the activity returns: a pure function of its input, so that running it twice changes nothing. */
export function worked(value: number): number {
  return (value * 31 + 7) % 1_000_003;
}

export function work(ctx: OrchestrationContext, input: WorkInput): Task<number> {
  return ctx.callActivity<number>(NAME, input);
}

/** Notes every execution when it begins. */
export function defineWork(log: ExecutionLog): ActivityDefinition<WorkInput, number> {
  return defineActivity(NAME, async (ctx, { key, value, ms, timerDueAt }: WorkInput) => {
    log.append({ instanceId: ctx.instanceId, key, ...(timerDueAt === undefined ? {} : { timerDueAt }) });
    await sleep(ms);
    return worked(value);
  });
}
