import { NonRetriableError, TaskFailedError, defineActivity, defineOrchestration } from "perdure";
import type { Task } from "perdure";

export interface Order {
  readonly item: string;
  readonly price: number;
  readonly country: string;
}

export const reserveStock = defineActivity("reserveStock", async (_ctx, order: Order) => {
  return `reservation of ${order.item}`;
});

export const releaseStock = defineActivity("releaseStock", async (_ctx, reservation: string) => {
  return `released the ${reservation}`;
});

export const chargeCard = defineActivity("chargeCard", async (ctx, order: Order) => {
  // The key is the same for every try of this call: pass it on, and no card is charged twice.
  return `payment of ${order.price} (key ${ctx.idempotencyKey.slice(0, 8)})`;
});

export const refundCard = defineActivity("refundCard", async (_ctx, payment: string) => {
  return `refunded the ${payment}`;
});

export const ship = defineActivity("ship", async (_ctx, order: Order) => {
  if (order.country === "Atlantis") throw new NonRetriableError("nobody delivers to Atlantis");
  return `parcel to ${order.country}`;
});

const retry = { maxAttempts: 5, firstRetryInterval: "1s", backoffCoefficient: 2 };

export const order = defineOrchestration("order", function* (ctx, request: Order) {
  const undo: (() => Task<string>)[] = [];
  try {
    const reservation = yield* ctx.callActivity(reserveStock, request, { retry });
    undo.push(() => ctx.callActivity(releaseStock, reservation, { retry }));

    const payment = yield* ctx.callActivity(chargeCard, request, { retry });
    undo.push(() => ctx.callActivity(refundCard, payment, { retry }));

    const parcel = yield* ctx.callActivity(ship, request, { retry });
    return { status: "shipped" as const, parcel };
  } catch (error) {
    if (!TaskFailedError.is(error)) throw error; // a mistake in this code is not a reason to refund
    const undone: string[] = [];
    for (const step of undo.reverse()) undone.push(yield* step());
    return { status: "cancelled" as const, reason: error.failure.errorMessage, undone };
  }
});

/** Inputs that `perdure dev` shows how to try. */
export const examples = { order: { item: "a lamp", price: 40, country: "Norway" } };
