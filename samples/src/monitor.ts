/** An eternal orchestration: look, wait, start over. `continueAsNew` keeps its history short for as long as it lives. */
import { freemem } from "node:os";
import { defineActivity, defineEvent, defineOrchestration } from "perdure";
import type { Duration } from "perdure";
import { newId, statusWhen } from "./sample";
import type { Sample } from "./sample";

/** All that one generation hands to the next. */
export interface Watch {
  readonly every: Duration;
  readonly checks: number;
  readonly leastFreeMb?: number;
}

export const stop = defineEvent("stop");

export const readFreeMemory = defineActivity("readFreeMemory", () => Math.round(freemem() / 1024 / 1024));

export const watchMemory = defineOrchestration("watchMemory", function* (ctx, watch: Watch) {
  const freeMb = yield* ctx.callActivity(readFreeMemory);
  const checks = watch.checks + 1;
  const leastFreeMb = Math.min(freeMb, watch.leastFreeMb ?? freeMb);
  ctx.setCustomStatus({ checks, leastFreeMb });

  const stopped = ctx.waitForExternalEvent(stop);
  const first = yield* ctx.any([stopped, ctx.createTimer(watch.every)]);

  if (first === stopped) return { checks, leastFreeMb };
  // Events that nobody has taken yet go along. A `stop` that arrives in between is not lost.
  const next: Watch = { ...watch, checks, leastFreeMb };
  return yield* ctx.continueAsNew(next);
});

export const sample: Sample = {
  name: "monitor",
  orchestrations: [watchMemory],
  activities: [readFreeMemory],
  async run(client) {
    const watch: Watch = { every: "1s", checks: 0 };
    const instance = await client.startNew(watchMemory, watch, { instanceId: newId("memory") });

    await statusWhen(instance, ({ customStatus }) => {
      return ((customStatus as { readonly checks: number } | undefined)?.checks ?? 0) >= 3;
    });
    const { length } = await instance.history();
    await instance.raiseEvent(stop);

    const { checks, leastFreeMb } = await instance.result();
    return [
      `${checks} checks, never less than ${leastFreeMb} MB free; ${length} events of history at a time`,
    ];
  },
};
