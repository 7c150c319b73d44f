/** A reminder at a time that a clock on the wall shows. Somebody who looks after the hub sees it, and moves it. */
import { TaskCancelledError, defineActivity, defineOrchestration } from "perdure";
import type { Client, PendingTimer } from "perdure";
import { newId, until } from "./sample";
import type { Sample } from "./sample";

export interface Reminder {
  readonly text: string;
  /** As the clocks there show it: `"2030-07-14T09:00"`. */
  readonly at: string;
  readonly timeZone: string;
}

export const tell = defineActivity("tell", (ctx, text: string) => {
  ctx.log.info(text); // your mail or chat goes here
});

export const remindAt = defineOrchestration("remindAt", function* (ctx, { text, at, timeZone }: Reminder) {
  ctx.setCustomStatus({ waitsFor: `${at} in ${timeZone}` });
  try {
    // What is stored is the time on the wall. If a government moves its clocks until then, the timer goes along.
    yield* ctx.createTimer({ at, timeZone }, { name: text });
  } catch (error) {
    if (!TaskCancelledError.is(error)) throw error;
    return "not reminded: an operator cancelled the timer";
  }
  yield* ctx.callActivity(tell, text);
  return `reminded at ${ctx.currentUtcDateTime.toISOString()}`;
});

export const sample: Sample = {
  name: "reminder",
  orchestrations: [remindAt],
  activities: [tell],
  async run(client) {
    const at = `${new Date().getUTCFullYear() + 1}-07-14T09:00`;
    const reminder: Reminder = { text: "hang out the flag", at, timeZone: "Europe/Paris" };
    const instance = await client.startNew(remindAt, reminder, { instanceId: newId("reminder") });

    const timer = await firstTimer(client, instance.instanceId);
    await client.timers.move(timer, "2s", "nobody waits until July here");

    const result = await instance.result();
    const { name = "", wallClock, fireAt } = timer;
    return [
      `"${name}" was to come at ${wallClock?.at} in ${wallClock?.timeZone}, ${fireAt.toISOString()}`,
      `moved by an operator, and ${result}`,
    ];
  },
};

/** As an operator finds it, without a look into the code. A listing may follow the truth by a second. */
function firstTimer(client: Client, instanceIdPrefix: string): Promise<PendingTimer> {
  return until(async () => {
    for await (const timer of client.timers.list({ instanceIdPrefix })) return timer;
    return undefined;
  });
}
