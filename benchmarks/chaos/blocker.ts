/** User code that never lets go of the event loop. */
import { openSync, closeSync } from "node:fs";
import path from "node:path";
import { defineActivity, defineOrchestration } from "perdure";
import type { ActivityDefinition } from "perdure";
import type { ExecutionLog } from "../crash/execution-log";
import type { Run } from "../crash/scenarios";
import { worked } from "../crash/work";

interface BlockInput {
  readonly key: string;
  readonly value: number;
  /** How long the event loop is blocked. */
  readonly ms: number;
}

const NAME = "block";

export const blocker = defineOrchestration("blocker", function* (ctx, input: BlockInput) {
  return yield* ctx.callActivity<number>(NAME, input);
});

/** Blocks its process the first time that it is executed; whoever executes it again is done at once. */
export function defineBlock(folder: string, log: ExecutionLog): ActivityDefinition<BlockInput, number> {
  return defineActivity(NAME, (ctx, { key, value, ms }: BlockInput) => {
    log.append({ instanceId: ctx.instanceId, key });
    if (isFirst(path.join(folder, `${ctx.instanceId}.blocked`))) {
      const until = Date.now() + ms;
      while (Date.now() < until);
    }
    return worked(value);
  });
}

export function planBlocker(instanceId: string, ms: number): Run {
  const input: BlockInput = { key: `${instanceId}/block`, value: 1, ms };
  return { instanceId, name: blocker.name, input, keys: [input.key], children: 0, expected: worked(1) };
}

/** True for one of all that ask, in whatever process. */
function isFirst(file: string): boolean {
  try {
    closeSync(openSync(file, "wx"));
    return true;
  } catch {
    return false;
  }
}
