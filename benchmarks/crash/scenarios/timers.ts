import { defineOrchestration } from "perdure";
import type { Random } from "../random";
import { work, worked } from "../work";
import { range } from "./run";
import type { Run } from "./run";

interface TimersInput {
  readonly value: number;
  readonly delays: readonly number[];
}

/** Timers that fire, an activity after each, and one timer that is cancelled by the activity it guards. */
export const timers = defineOrchestration("timers", function* (ctx, { value, delays }: TimersInput) {
  let result = value;
  for (const [i, delay] of delays.entries()) {
    const timer = ctx.createTimer(delay);
    yield* timer;
    const timerDueAt = timer.fireAt.getTime();
    result = yield* work(ctx, { key: `${ctx.instanceId}/after-${i}`, value: result, ms: 20, timerDueAt });
  }
  return yield* ctx.withTimeout(
    work(ctx, { key: `${ctx.instanceId}/guarded`, value: result, ms: 100 }),
    "10m",
  );
});

export function planTimers(instanceId: string, random: Random): Run {
  const delays = range(random.between(1, 3)).map(() => random.between(100, 2500));
  const value = random.between(0, 1000);
  return {
    instanceId,
    name: timers.name,
    input: { value, delays } satisfies TimersInput,
    keys: [...delays.map((_, i) => `${instanceId}/after-${i}`), `${instanceId}/guarded`],
    children: 0,
    expected: worked(delays.reduce(worked, value)),
  };
}
