import { defineOrchestration } from "perdure";
import type { Random } from "../random";
import { range } from "../scenarios/run";
import type { Run } from "../scenarios/run";
import { work, worked } from "../work";

export interface HelloInput {
  readonly prefix: string;
  readonly value: number;
  /** How long to sleep before, in milliseconds. */
  readonly delay?: number;
}

const STEPS = 3;

/** Three trivial activities in sequence, after a sleep or not. */
export const hello = defineOrchestration("hello", function* (ctx, { prefix, value, delay }: HelloInput) {
  let timerDueAt: number | undefined;
  if (delay !== undefined) {
    const timer = ctx.createTimer(delay);
    yield* timer;
    timerDueAt = timer.fireAt.getTime();
  }
  let result = value;
  for (const step of range(STEPS)) {
    const due = step === 0 && timerDueAt !== undefined ? { timerDueAt } : {};
    result = yield* work(ctx, { key: `${prefix}/hello-${step}`, value: result, ms: 0, ...due });
  }
  return result;
});

export function helloKeys(prefix: string): readonly string[] {
  return range(STEPS).map((step) => `${prefix}/hello-${step}`);
}

export function helloResult(value: number): number {
  return range(STEPS).reduce(worked, value);
}

export function planHello(instanceId: string, random: Random): Run {
  const input: HelloInput = { prefix: instanceId, value: random.between(0, 1000) };
  return runOf(instanceId, input);
}

export function planSleeper(instanceId: string, random: Random): Run {
  const delay = random.between(50, 8000);
  return runOf(instanceId, { prefix: instanceId, value: random.between(0, 1000), delay });
}

function runOf(instanceId: string, input: HelloInput): Run {
  const expected = helloResult(input.value);
  return { instanceId, name: hello.name, input, keys: helloKeys(instanceId), children: 0, expected };
}
