import { defineOrchestration } from "@perdure/core";
import { callHttp } from "../../src";

/** Starts an operation at a server, and returns what it ended with. */
export const operation = defineOrchestration("operation", function* (ctx, url: string) {
  const started = yield* callHttp(ctx, { method: "POST", url, body: { once: true }, pollInterval: 400 });
  return started.content;
});
