import { defineOrchestration } from "perdure";
import type { Random } from "../random";
import { work, worked } from "../work";
import { range } from "./run";
import type { Run } from "./run";

export interface SequenceInput {
  readonly prefix: string;
  readonly value: number;
  /** How long each activity takes. */
  readonly steps: readonly number[];
}

/** Activities one after the other, each on the result of the one before. Also a sub-orchestration of others. */
export const sequence = defineOrchestration(
  "sequence",
  function* (ctx, { prefix, value, steps }: SequenceInput) {
    let result = value;
    for (const [step, ms] of steps.entries()) {
      result = yield* work(ctx, { key: `${prefix}/step-${step}`, value: result, ms });
    }
    return result;
  },
);

export function sequenceInput(prefix: string, steps: number, random: Random): SequenceInput {
  return { prefix, value: random.between(0, 1000), steps: range(steps).map(() => random.between(5, 300)) };
}

export function sequenceResult({ value, steps }: SequenceInput): number {
  return steps.reduce(worked, value);
}

export function sequenceKeys({ prefix, steps }: SequenceInput): readonly string[] {
  return steps.map((_, step) => `${prefix}/step-${step}`);
}

export function planSequence(instanceId: string, random: Random): Run {
  const input = sequenceInput(instanceId, random.between(3, 6), random);
  return {
    instanceId,
    name: sequence.name,
    input,
    keys: sequenceKeys(input),
    children: 0,
    expected: sequenceResult(input),
  };
}
