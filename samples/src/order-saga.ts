/** A saga: when a step fails for good, the steps before it are undone, in reverse order. */
import { setTimeout as sleep } from "node:timers/promises";
import { NonRetriableError, TaskFailedError, defineActivity, defineOrchestration } from "perdure";
import type { ActivityContext, Task } from "perdure";
import { newId } from "./sample";
import type { Sample } from "./sample";

export interface Order {
  readonly item: string;
  readonly price: number;
  readonly country: string;
}

export const reserveStock = defineActivity("reserveStock", async (ctx, order: Order) => {
  await work(ctx);
  return `reservation of ${order.item}`;
});

export const releaseStock = defineActivity("releaseStock", async (ctx, reservation: string) => {
  await work(ctx);
  return `released the ${reservation}`;
});

export const chargeCard = defineActivity("chargeCard", async (ctx, order: Order) => {
  await work(ctx);
  if (ctx.attempt === 1) throw new Error("the card service is busy");
  // The key is the same for every try of this call: pass it on, and no card is charged twice.
  return `payment of ${order.price} (key ${ctx.idempotencyKey.slice(0, 8)}…)`;
});

export const refundCard = defineActivity("refundCard", async (ctx, payment: string) => {
  await work(ctx);
  return `refunded the ${payment}`;
});

export const ship = defineActivity("ship", async (ctx, order: Order) => {
  await work(ctx);
  if (order.country === "Atlantis") throw new NonRetriableError("nobody delivers to Atlantis");
  return `parcel to ${order.country}`;
});

export const orderSaga = defineOrchestration("orderSaga", function* (ctx, order: Order) {
  const undo: (() => Task<string>)[] = [];
  const retry = { maxAttempts: 4, firstRetryInterval: "500ms", backoffCoefficient: 2 };
  try {
    ctx.setCustomStatus("reserving stock");
    const reservation = yield* ctx.callActivity(reserveStock, order, { retry });
    undo.push(() => ctx.callActivity(releaseStock, reservation, { retry }));

    ctx.setCustomStatus("charging the card");
    const payment = yield* ctx.callActivity(chargeCard, order, { retry });
    undo.push(() => ctx.callActivity(refundCard, payment, { retry }));

    ctx.setCustomStatus("shipping");
    const parcel = yield* ctx.callActivity(ship, order, { retry });
    return { status: "shipped" as const, parcel };
  } catch (error) {
    if (!TaskFailedError.is(error)) throw error; // a mistake in this code is not a reason to refund
    ctx.setCustomStatus(`undoing: ${error.failure.errorMessage}`);
    const undone: string[] = [];
    for (const step of undo.reverse()) undone.push(yield* step());
    return { status: "cancelled" as const, reason: error.failure.errorMessage, undone };
  }
});

export const sample: Sample = {
  name: "order-saga",
  orchestrations: [orderSaga],
  activities: [reserveStock, releaseStock, chargeCard, refundCard, ship],
  async run(client) {
    const order = { item: "a lamp", price: 40 };
    const instances = await Promise.all(
      ["Norway", "Atlantis"].map((country) =>
        client.startNew(orderSaga, { ...order, country }, { instanceId: newId("order") }),
      ),
    );
    const results = await Promise.all(instances.map((instance) => instance.result()));
    return results.map((result) =>
      result.status === "shipped"
        ? `shipped: ${result.parcel}`
        : `cancelled, ${result.reason}: ${result.undone.join(", ")}`,
    );
  },
};

/** Stands for a call to another service. */
async function work({ signal }: ActivityContext): Promise<void> {
  await sleep(400, undefined, { signal });
}
