import { defineActivity, defineOrchestration } from "perdure";

export const countWords = defineActivity("countWords", async (_ctx, text: string) => {
  return text.split(/\s+/).filter((word) => word !== "").length;
});

/** At most ten run at a time. A failed one is tried again; the others are not. */
export const totalWords = defineOrchestration("totalWords", function* (ctx, texts: readonly string[]) {
  const retry = { maxAttempts: 5, firstRetryInterval: "1s" };
  const counts = yield* ctx.map(texts, (text) => ctx.callActivity(countWords, text, { retry }), {
    concurrency: 10,
  });
  return counts.reduce((total, count) => total + count, 0);
});

/** Inputs that `perdure dev` shows how to try. */
export const examples = { totalWords: ["one text", "and another text"] };
