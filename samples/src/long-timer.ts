/** Sleeps for a year. The timer is a message in storage: it needs no process, and no restart or deploy disturbs it. */
import { setTimeout as sleep } from "node:timers/promises";
import { defineOrchestration } from "perdure";
import { newId, statusWhen } from "./sample";
import type { Sample } from "./sample";

export const remindInAYear = defineOrchestration("remindInAYear", function* (ctx, note: string) {
  const timer = ctx.createTimer("365d", { name: "a year" });
  ctx.setCustomStatus({ sleepsUntil: timer.fireAt.toISOString() });
  yield* timer;
  return `A year ago you wrote: ${note}`;
});

export const sample: Sample = {
  name: "long-timer",
  orchestrations: [remindInAYear],
  activities: [],
  async run(client) {
    const instance = await client.startNew(remindInAYear, "plant a tree", { instanceId: newId("year") });
    const { customStatus } = await statusWhen(instance, (status) => status.customStatus !== undefined);
    await sleep(3000); // time to see it sleep
    await instance.terminate("nobody has a year");
    const { status } = await instance.waitForCompletion();
    const { sleepsUntil } = customStatus as { readonly sleepsUntil: string };
    return [`asleep until ${sleepsUntil.slice(0, 10)}, then ${status} by the client`];
  },
};
