import { defineActivity, defineEvent, defineOrchestration } from "@perdure/core";
import type { Code } from "./fault-hub";
import type { Random } from "../support/random";

export type Step = "activity" | "timer" | "fan" | "child" | "event" | "generation";

const KINDS: readonly Step[] = ["activity", "timer", "fan", "child", "event", "generation"];

export function randomSteps(random: Random): readonly Step[] {
  return Array.from({ length: 3 + random.int(5) }, () => KINDS[random.int(KINDS.length)] ?? "activity");
}

export const gift = defineEvent<number>("gift");
const add = defineActivity("add", (_ctx, n: number) => n + 1);
const child = defineOrchestration("child", function* (ctx, n: number) {
  yield* ctx.createTimer("2s");
  return yield* ctx.callActivity(add, n);
});

/** Does its steps one after another; `total` tells what each has added. */
export const program = defineOrchestration(
  "program",
  function* (ctx, { steps, total }: { readonly steps: readonly Step[]; readonly total: number }) {
    let sum = total;
    for (const [index, step] of steps.entries()) {
      if (step === "activity") sum = yield* ctx.callActivity(add, sum);
      else if (step === "timer") yield* ctx.createTimer("3s");
      else if (step === "fan") {
        const results = yield* ctx.all([1, 2, 3].map((n) => ctx.callActivity(add, n)));
        sum += results.reduce((a, b) => a + b, 0);
      } else if (step === "child") sum += yield* ctx.callSubOrchestrator(child, 10);
      else if (step === "event") sum += yield* ctx.waitForExternalEvent(gift);
      else return yield* ctx.continueAsNew({ steps: steps.slice(index + 1), total: sum });
    }
    return sum;
  },
);

const GAIN: Readonly<Record<Step, number>> = {
  activity: 1,
  timer: 0,
  fan: 9,
  child: 11,
  event: 5,
  generation: 0,
};

/** What the program returns when nothing ever goes wrong. */
export function expectedOf(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + GAIN[step], 0);
}

export const programCode: Code = { orchestrations: [program, child], activities: [add] };
