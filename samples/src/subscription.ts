/** A subscription for a year, paid month by month. Between two renewals nothing runs; each month is a generation. */
import { setTimeout as sleep } from "node:timers/promises";
import { defineActivity, defineEvent, defineOrchestration } from "perdure";
import { newId, statusWhen } from "./sample";
import type { Sample } from "./sample";

export interface Subscription {
  readonly customer: string;
  readonly monthlyPrice: number;
  /** The day of the first month, as a calendar of the customer shows it: `"2030-01-31"`. */
  readonly startsOn: string;
  readonly timeZone: string;
  /** Months paid so far. Default: 0. */
  readonly paid?: number;
}

export interface SubscriptionStatus {
  readonly monthsPaid: number;
  readonly renewsAt: string;
}

const MONTHS = 12;

export const cancelSubscription = defineEvent<{ readonly reason: string }>("cancelSubscription");

export const chargeMonth = defineActivity(
  "chargeMonth",
  (ctx, { customer, amount }: { readonly customer: string; readonly amount: number }) => {
    // The key is the same for every try of this call: pass it on, and no month is charged twice.
    return `${customer} paid ${amount} (key ${ctx.idempotencyKey.slice(0, 8)}…)`;
  },
);

export const subscription = defineOrchestration("subscription", function* (ctx, input: Subscription) {
  const { customer, monthlyPrice, startsOn, timeZone, paid = 0 } = input;
  const retry = { maxAttempts: 10, firstRetryInterval: "1m", backoffCoefficient: 3 };
  yield* ctx.callActivity(chargeMonth, { customer, amount: monthlyPrice }, { retry });
  const monthsPaid = paid + 1;

  // A month is no duration: it has 28 to 31 days, and an hour more or less when clocks change.
  const at = `${monthsLater(startsOn, monthsPaid)}T06:00`;
  const renewal = ctx.createTimer(
    { at, timeZone },
    { name: monthsPaid < MONTHS ? "renewal" : "end of the year" },
  );
  const status: SubscriptionStatus = { monthsPaid, renewsAt: renewal.fireAt.toISOString() };
  ctx.setCustomStatus(status);
  const cancelled = ctx.waitForExternalEvent(cancelSubscription);

  const first = yield* ctx.any([cancelled, renewal]);

  if (first === cancelled) {
    const { reason } = yield* cancelled;
    return { status: "cancelled" as const, monthsPaid, reason };
  }
  if (monthsPaid === MONTHS) return { status: "ended" as const, monthsPaid };
  const next: Subscription = { ...input, paid: monthsPaid };
  return yield* ctx.continueAsNew(next);
});

/** The same day of a later month, or the last one of a month that is shorter. */
export function monthsLater(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  const lastOfMonth = new Date(Date.UTC(year, month + months, 0));
  return `${lastOfMonth.toISOString().slice(0, 8)}${String(Math.min(day, lastOfMonth.getUTCDate())).padStart(2, "0")}`;
}

export const sample: Sample = {
  name: "subscription",
  orchestrations: [subscription],
  activities: [chargeMonth],
  async run(client) {
    const instance = await client.startNew(
      subscription,
      {
        ...{ customer: "Kim", monthlyPrice: 9 },
        ...{ startsOn: new Date().toISOString().slice(0, 10), timeZone: "America/New_York" },
      },
      { instanceId: newId("subscription") },
    );
    const hasPaid = (months: number): Promise<unknown> =>
      statusWhen(instance, ({ customStatus, nextTimerAt }) => {
        return (
          nextTimerAt !== undefined && (customStatus as SubscriptionStatus | undefined)?.monthsPaid === months
        );
      });

    await hasPaid(1);
    const [timer] = await client.timers.of(instance.instanceId);
    if (!timer) throw new Error("A subscription waits for its renewal.");
    await sleep(1500); // time to see it wait
    await client.timers.fire(timer, "a month is long to look at");
    await hasPaid(2);
    await instance.raiseEvent(cancelSubscription, { reason: "moves to the coast" });

    const { status, monthsPaid } = await instance.result();
    const days = Math.round((timer.fireAt.getTime() - timer.createdAt.getTime()) / 86_400_000);
    return [`${timer.name} in ${days} days, fired by an operator; ${status} after ${monthsPaid} months`];
  },
};
