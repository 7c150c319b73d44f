/** Activities one after the other. Each result is stored before the next activity starts. */
import { setTimeout as sleep } from "node:timers/promises";
import { defineActivity, defineOrchestration } from "perdure";
import type { Sample } from "./sample";

// An activity is ordinary code: it may wait, call services, fail. It runs at least once for each call.
export const sayHello = defineActivity("sayHello", async (ctx, city: string) => {
  await sleep(1000, undefined, { signal: ctx.signal }); // as long as a real call might take
  return `Hello, ${city}!`;
});

// An orchestration only decides. After a crash it is replayed from its history, so it must decide the same again.
export const helloSequence = defineOrchestration("helloSequence", function* (ctx, cities: readonly string[]) {
  const greetings: string[] = [];
  for (const city of cities) {
    ctx.setCustomStatus(`greeting ${city}`);
    greetings.push(yield* ctx.callActivity(sayHello, city));
  }
  return greetings;
});

export const sample: Sample = {
  name: "hello-sequence",
  orchestrations: [helloSequence],
  activities: [sayHello],
  async run(client) {
    const instance = await client.startNew(helloSequence, ["Tokyo", "Seattle", "London"]);
    const greetings = await instance.result();
    return [greetings.join(" ")];
  },
};
