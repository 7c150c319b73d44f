/**
 * Code as it comes from Durable Functions: plain `yield`, activities and events by name. It works as it is; a result
 * has no type of its own then, so say which one you expect. `yield*` and definitions can come later, line by line.
 */
import { defineActivity, defineOrchestration } from "perdure";
import { newId } from "./sample";
import type { Sample } from "./sample";

export const quote = defineActivity("Quote", (_ctx, airline: string) => ({
  airline,
  price: airline.length * 50,
}));
export const book = defineActivity("Book", (_ctx, airline: string) => `seat with ${airline}`);

interface Quote {
  readonly airline: string;
  readonly price: number;
}

export const bookFlight = defineOrchestration("BookFlight", function* (ctx, airlines: readonly string[]) {
  const calls = airlines.map((airline) => ctx.callActivity("Quote", airline));
  const quotes = (yield ctx.all(calls)) as Quote[];
  const cheapest = quotes.reduce((best, next) => (next.price < best.price ? next : best));
  ctx.setCustomStatus(`waits for Confirm: ${cheapest.airline}, ${cheapest.price}`);

  const oneHour = new Date(ctx.currentUtcDateTime.getTime() + 60 * 60 * 1000);
  const timeout = ctx.createTimer(oneHour);
  const confirmed = ctx.waitForExternalEvent("Confirm");
  const winner: unknown = yield ctx.any([confirmed, timeout]);
  if (winner === timeout) return "nobody confirmed";
  timeout.cancel(); // Durable Functions needs it; here it does no harm

  return (yield ctx.callActivity("Book", cheapest.airline)) as string;
});

export const sample: Sample = {
  name: "plain-yield",
  orchestrations: [bookFlight],
  activities: [quote, book],
  async run(client) {
    const airlines = ["Albatross Air", "Tern", "Swift Lines"];
    const instance = await client.startNew<string>("BookFlight", airlines, { instanceId: newId("flight") });
    await instance.raiseEvent("Confirm"); // before anyone waits for it: it is kept
    return [await instance.result()];
  },
};
