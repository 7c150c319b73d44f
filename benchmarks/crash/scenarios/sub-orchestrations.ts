import { defineEvent, defineOrchestration } from "perdure";
import type { Random } from "../random";
import { work, worked } from "../work";
import { range } from "./run";
import type { Run } from "./run";
import { sequence, sequenceInput, sequenceKeys, sequenceResult } from "./sequence";
import type { SequenceInput } from "./sequence";

const hint = defineEvent<number>("hint");

interface ChildWithHintInput {
  readonly prefix: string;
  readonly value: number;
}

/** Waits for what its parent sends it. */
export const childWithHint = defineOrchestration(
  "child-with-hint",
  function* (ctx, input: ChildWithHintInput) {
    const given = yield* ctx.waitForExternalEvent(hint);
    return yield* work(ctx, { key: `${input.prefix}/hinted`, value: input.value + given, ms: 60 });
  },
);

interface FamilyInput {
  readonly sequences: readonly SequenceInput[];
  readonly hinted: ChildWithHintInput;
  readonly hint: number;
}

/** Children all at once, in other partitions as it happens; one has an id of the parent's choice and gets an event. */
export const family = defineOrchestration("family", function* (ctx, input: FamilyInput) {
  const children = input.sequences.map((each) => ctx.callSubOrchestrator(sequence, each));
  const instanceId = `${ctx.instanceId}-hinted`;
  const hinted = ctx.callSubOrchestrator(childWithHint, input.hinted, { instanceId });
  ctx.sendEvent(instanceId, hint, input.hint);
  return yield* ctx.all([...children, hinted]);
});

export function planFamily(instanceId: string, random: Random): Run {
  const sequences = range(random.between(1, 3)).map((i) =>
    sequenceInput(`${instanceId}/child-${i}`, 2, random),
  );
  const input: FamilyInput = {
    sequences,
    hinted: { prefix: instanceId, value: random.between(0, 1000) },
    hint: random.between(0, 1000),
  };
  return {
    instanceId,
    name: family.name,
    input,
    keys: [...sequences.flatMap(sequenceKeys), `${instanceId}/hinted`],
    children: sequences.length + 1,
    expected: [...sequences.map(sequenceResult), worked(input.hinted.value + input.hint)],
  };
}
