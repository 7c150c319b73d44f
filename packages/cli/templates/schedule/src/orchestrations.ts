import { SCHEDULED_TIME_TAG, defineActivity, defineOrchestration } from "perdure";

export interface ReportRequest {
  readonly shop: string;
}

export const countOrders = defineActivity(
  "countOrders",
  async (_ctx, { shop, day }: { readonly shop: string; readonly day: string }) => {
    return shop.length + Number(day.slice(-2)); // ask your database here
  },
);

export const report = defineOrchestration("report", function* (ctx, { shop }: ReportRequest) {
  // The time of the tick, not of the start: a run that catches up after an outage reports its own day.
  const time = ctx.tags[SCHEDULED_TIME_TAG] ?? ctx.currentUtcDateTime.toISOString();
  const day = time.slice(0, 10);
  const orders = yield* ctx.callActivity(countOrders, { shop, day }, { retry: { maxAttempts: 5 } });
  return `${shop} had ${orders} orders on ${day}`;
});

/** Inputs that `perdure dev` shows how to try. */
export const examples = { report: { shop: "Rue de Rivoli" } };
