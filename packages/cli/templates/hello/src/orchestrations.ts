import { defineActivity, defineOrchestration } from "perdure";

/** Ordinary code: it may read files, call services, fail. It runs at least once for each call. */
export const greet = defineActivity("greet", async (_ctx, city: string) => {
  return `Hello, ${city}!`;
});

/** Outlives the process: what it has done is recorded, and never done again. */
export const hello = defineOrchestration("hello", function* (ctx, cities: readonly string[]) {
  const greetings: string[] = [];
  for (const city of cities) greetings.push(yield* ctx.callActivity(greet, city));
  return greetings;
});

/** Inputs that `perdure dev` shows how to try. */
export const examples = { hello: ["Tokyo", "Seattle", "London"] };
