/** Orchestrations and activities that several cases use. */
import { defineActivity, defineOrchestration } from "@perdure/core";

export const echo = defineActivity("echo", (_ctx, value: unknown) => value);

export const double = defineActivity("double", (_ctx, value: number) => 2 * value);

/** Throws an error with this message. */
export const fail = defineActivity("fail", (_ctx, message: string): unknown => {
  throw new Error(message);
});

/** Returns its input, waiting for nothing. */
export const identity = defineOrchestration("identity", function* (_ctx, input: unknown) {
  return input;
});

/** Returns the payload of the first event named "go". */
export const waiter = defineOrchestration("waiter", function* (ctx) {
  ctx.setCustomStatus("waiting");
  return yield* ctx.waitForExternalEvent("go");
});
