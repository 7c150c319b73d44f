import { defineOrchestration } from "perdure";
import type { Random } from "../random";
import { work, worked } from "../work";
import { range } from "./run";
import type { Run } from "./run";

interface FanOutInput {
  readonly value: number;
  /** How long each activity takes. */
  readonly branches: readonly number[];
}

/** Activities all at once, then one more on the sum of their results. */
export const fanOut = defineOrchestration("fan-out", function* (ctx, { value, branches }: FanOutInput) {
  const tasks = branches.map((ms, i) =>
    work(ctx, { key: `${ctx.instanceId}/branch-${i}`, value: value + i, ms }),
  );
  const results = yield* ctx.all(tasks);
  return yield* work(ctx, { key: `${ctx.instanceId}/last`, value: sumOf(results), ms: 20 });
});

export function planFanOut(instanceId: string, random: Random): Run {
  const branches = range(random.between(6, 20)).map(() => random.between(5, 500));
  const value = random.between(0, 1000);
  return {
    instanceId,
    name: fanOut.name,
    input: { value, branches } satisfies FanOutInput,
    keys: [...branches.map((_, i) => `${instanceId}/branch-${i}`), `${instanceId}/last`],
    children: 0,
    expected: worked(sumOf(branches.map((_, i) => worked(value + i)))),
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
