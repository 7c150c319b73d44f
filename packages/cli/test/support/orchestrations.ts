/** What the hubs of these tests run. */
import { NonRetriableError, defineActivity, defineOrchestration } from "@perdure/core";

export const faults = { isBroken: true };

export const fragile = defineActivity("fragile", () => {
  if (faults.isBroken) throw new NonRetriableError("the part is broken");
  return "mended";
});

export const echo = defineOrchestration("echo", function* (_ctx, input: unknown) {
  return input;
});

export const breaks = defineOrchestration("breaks", function* (ctx) {
  return yield* ctx.callActivity(fragile);
});

export const waits = defineOrchestration("waits", function* (ctx) {
  ctx.setCustomStatus("waiting for go");
  return yield* ctx.waitForExternalEvent("go");
});

export const sleeps = defineOrchestration("sleeps", function* (ctx) {
  yield* ctx.createTimer("1h", { name: "nap" });
  return "awake";
});
