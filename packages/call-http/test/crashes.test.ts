import { defineActivity, defineOrchestration } from "@perdure/core";
import { explore } from "@perdure/testing";
import { callHttp } from "../src";
import { HttpFailure } from "../src/failures";
import type { HttpCall } from "../src/request";

const operate = defineOrchestration("operate", function* (ctx) {
  const response = yield* callHttp(ctx, {
    ...{ method: "POST", url: "https://api.example/start", headers: { "idempotency-key": ctx.newGuid() } },
    ...{ timeout: "1h", retry: { maxAttempts: 3, firstRetryInterval: "2s" } },
  });
  return response.content;
});

/** A server that refuses each first attempt to start, and knows an operation by its key. */
function world() {
  const polls = new Map<string, number>();
  const http = defineActivity("@http", ({ attempt }, { method, headers }: HttpCall) => {
    const key = headers["idempotency-key"]!;
    if (attempt === 1 && method === "POST") throw new HttpFailure("HttpRequestFailed", "refused");
    polls.set(key, method === "POST" ? 0 : (polls.get(key) ?? 0) + 1);
    return polls.get(key)! >= 3
      ? { statusCode: 200, headers: {}, content: "done" }
      : { statusCode: 202, headers: { location: "/status", "retry-after": "30" }, content: "" };
  });
  return { activities: [http], observe: () => polls.size };
}

it("a crash at any step leads to the same end, and to one operation", async () => {
  const report = await explore(operate, { world, seeds: 5 });

  report.assertConverges();
  expect(report.expected).toMatchObject({ status: "Completed", output: "done", observed: 1 });
  expect(report.crashes).toBeGreaterThan(30);
});
