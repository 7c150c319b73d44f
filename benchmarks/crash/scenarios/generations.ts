import { defineOrchestration } from "perdure";
import type { Random } from "../random";
import { work, worked } from "../work";
import { range } from "./run";
import type { Run } from "./run";

interface GenerationsInput {
  readonly value: number;
  /** Generations to come, this one included. */
  readonly left: number;
}

/** One activity per generation. */
export const generations = defineOrchestration(
  "generations",
  function* (ctx, { value, left }: GenerationsInput) {
    const key = `${ctx.instanceId}/left-${left}`;
    const result = yield* work(ctx, { key, value, ms: 80 });
    if (left > 1) return yield* ctx.continueAsNew({ value: result, left: left - 1 });
    return result;
  },
);

export function planGenerations(instanceId: string, random: Random): Run {
  const input: GenerationsInput = { value: random.between(0, 1000), left: random.between(3, 6) };
  return {
    instanceId,
    name: generations.name,
    input,
    keys: range(input.left).map((i) => `${instanceId}/left-${input.left - i}`),
    children: 0,
    expected: range(input.left).reduce(worked, input.value),
  };
}
