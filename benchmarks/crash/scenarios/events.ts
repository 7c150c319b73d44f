/**
 * Events from outside. Two ways to raise them: each once the one before has been taken, so that the order is known;
 * or as they come, so that only their number is: a queue keeps no order across a crash.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { defineEvent, defineOrchestration } from "perdure";
import type { Random } from "../random";
import { work, worked } from "../work";
import { range } from "./run";
import type { Driven, Run } from "./run";

interface EventsInput {
  readonly value: number;
  readonly count: number;
}

interface TallyInput extends EventsInput {
  readonly taken: readonly number[];
}

const stepEvent = defineEvent<number>("step");
const LOOK_EVERY_MS = 200;

/** Takes events, an activity after each, and tells by its custom status how many it has taken. */
export const listener = defineOrchestration("listener", function* (ctx, { value, count }: EventsInput) {
  const taken: number[] = [];
  let result = value;
  while (taken.length < count) {
    taken.push(yield* ctx.waitForExternalEvent(stepEvent));
    ctx.setCustomStatus(taken.length);
    result = yield* work(ctx, { key: `${ctx.instanceId}/event-${taken.length}`, value: result, ms: 40 });
  }
  return { taken, result };
});

/** Takes one event per generation; those not taken yet go on to the next. */
export const tally = defineOrchestration("tally", function* (ctx, { value, count, taken }: TallyInput) {
  const event = yield* ctx.waitForExternalEvent(stepEvent);
  const key = `${ctx.instanceId}/event-${taken.length + 1}`;
  const next: TallyInput = {
    value: yield* work(ctx, { key, value, ms: 40 }),
    count,
    taken: [...taken, event],
  };
  if (next.taken.length < count) return yield* ctx.continueAsNew(next);
  return { taken: next.taken, result: next.value };
});

export function planOneByOne(instanceId: string, random: Random): Run {
  const run = planEvents(instanceId, listener.name, random);
  return { ...run, drive: (instance, signal) => raiseOneByOne(instance, run.input.count, signal) };
}

export function planBurst(instanceId: string, random: Random): Run {
  const run = planEvents(instanceId, listener.name, random);
  const pauses = range(run.input.count).map(() => random.between(0, 300));
  return { ...run, comparable: sorted, drive: (instance, signal) => raiseAll(instance, pauses, signal) };
}

export function planTally(instanceId: string, random: Random): Run {
  const run = planEvents(instanceId, tally.name, random);
  const pauses = range(run.input.count).map(() => random.between(0, 300));
  const input: TallyInput = { ...run.input, taken: [] };
  return {
    ...run,
    input,
    comparable: sorted,
    drive: (instance, signal) => raiseAll(instance, pauses, signal),
  };
}

/** True when an orchestration took events in another order than they were raised in. */
export function tookOutOfOrder(output: unknown): boolean {
  const { taken } = (output ?? {}) as { taken?: readonly number[] };
  return taken?.some((event, index) => event !== index) ?? false;
}

function planEvents(instanceId: string, name: string, random: Random): Run & { readonly input: EventsInput } {
  const input: EventsInput = { value: random.between(0, 1000), count: random.between(3, 6) };
  const events = range(input.count);
  return {
    instanceId,
    name,
    input,
    keys: events.map((i) => `${instanceId}/event-${i + 1}`),
    children: 0,
    expected: { taken: events, result: events.reduce(worked, input.value) },
  };
}

function sorted(output: unknown): unknown {
  const { taken = [], ...rest } = (output ?? {}) as { taken?: readonly number[] };
  return { taken: [...taken].sort((a, b) => a - b), ...rest };
}

async function raiseOneByOne(instance: Driven, count: number, signal: AbortSignal): Promise<void> {
  for (const event of range(count)) {
    while (((await instance.status()).customStatus ?? 0) !== event) {
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
    await instance.raiseEvent(stepEvent, event);
  }
}

async function raiseAll(instance: Driven, pauses: readonly number[], signal: AbortSignal): Promise<void> {
  for (const [event, ms] of pauses.entries()) {
    await instance.raiseEvent(stepEvent, event);
    await sleep(ms, undefined, { signal });
  }
}
