/** How to test orchestrations with `@perdure/testing`: the suite somebody who uses Perdure would write. */
import { assertReplays, eventWhen, explore, recordFixture, TestHost } from "@perdure/testing";
import { NonRetriableError, defineActivity, defineOrchestration } from "perdure";
import { approveExpense, decided, notify } from "../src/approval";
import type { Waiting } from "../src/approval";
import { readFreeMemory, stop, watchMemory } from "../src/monitor";
import { countOrders, dayBefore, nightly, nightlyReport } from "../src/nightly-report";
import { chargeCard, orderSaga, refundCard, releaseStock, reserveStock, ship } from "../src/order-saga";
import type { Order } from "../src/order-saga";
import { remindAt, tell } from "../src/reminder";
import { cancelSubscription, chargeMonth, monthsLater, subscription } from "../src/subscription";
import type { Subscription, SubscriptionStatus } from "../src/subscription";

let host: TestHost;
beforeEach(async () => {
  host = await TestHost.start({ orchestrations: [orderSaga, approveExpense, watchMemory, remindAt] });
});
afterEach(() => host.stop());

describe("the order saga", () => {
  const order: Order = { item: "a lamp", price: 40, country: "Norway" };
  beforeEach(() => {
    host.mock(reserveStock, (_ctx, { item }) => `reservation of ${item}`);
    host.mockReturn(chargeCard, "payment");
    host.mockReturn(ship, "parcel");
    host.mock(releaseStock, (_ctx, reservation) => `released ${reservation}`);
    host.mock(refundCard, (_ctx, payment) => `refunded ${payment}`);
  });

  it("ships", async () => {
    const result = await host.run(orderSaga, order);

    expect(result).toEqual({ status: "shipped", parcel: "parcel" });
    expect(host.calls(releaseStock)).toEqual([]);
  });

  it("undoes what it did, last first, when nobody delivers", async () => {
    host.mockThrow(ship, new NonRetriableError("nobody delivers there"));

    const result = await host.run(orderSaga, order);

    expect(result).toEqual({
      status: "cancelled",
      reason: "nobody delivers there",
      undone: ["refunded payment", "released reservation of a lamp"],
    });
    expect(host.calls(ship)).toHaveLength(1);
  });

  it("tries a busy card service again, with the same key and more and more patience", async () => {
    host.mock(chargeCard, ({ attempt }) => {
      if (attempt < 3) throw new Error("busy");
      return "payment";
    });

    await host.run(orderSaga, order);

    const calls = host.calls(chargeCard);
    expect(calls.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "completed"]);
    expect(new Set(calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    const [first, second, third] = calls.map(({ startedAt }) => startedAt.getTime());
    expect([second! - first!, third! - second!]).toEqual([500, 1000]);
  });

  it("survives storage that fails and workers that die", async () => {
    host.failStorage({ operation: "checkpoint", times: 3 });
    const instance = await host.client.startNew(orderSaga, order);
    await host.waitFor(instance, ({ customStatus }) => customStatus === "charging the card");
    host.crash();

    await expect(instance.result()).resolves.toEqual({ status: "shipped", parcel: "parcel" });
  });

  it("charges once whenever a worker dies", async () => {
    const report = await explore(orderSaga, {
      input: { ...order, country: "Atlantis" },
      seeds: 5,
      world: () => {
        const account = new Map<string, number>();
        return {
          activities: [
            defineActivity("reserveStock", () => "reservation"),
            defineActivity("releaseStock", () => "released"),
            defineActivity("chargeCard", ({ idempotencyKey }, { price }: Order) => {
              account.set(idempotencyKey, -price);
              return idempotencyKey;
            }),
            defineActivity("refundCard", (_ctx, payment: string) => {
              account.delete(payment);
              return "refunded";
            }),
            defineActivity("ship", () => {
              throw new NonRetriableError("nobody delivers to Atlantis");
            }),
          ],
          observe: () => [...account.values()],
        };
      },
    });

    report.assertConverges();
    expect(report.expected.observed).toEqual([]);
    expect(report.repeatedActivities.map(({ name }) => name)).toContain("chargeCard");
  });
});

describe("the approval", () => {
  const expense = { employee: "Kim", amount: 120 };
  const hasReminded =
    (times: number) =>
    ({ customStatus }: { readonly customStatus?: unknown }): boolean =>
      (customStatus as Waiting | undefined)?.reminders === times;
  beforeEach(() => host.mockReturn(notify, undefined));

  it("expires after 30 days, with a reminder every week", async () => {
    const result = await host.run(approveExpense, expense);

    expect(result).toEqual({ status: "expired", reminders: 4 });
    expect(host.calls(notify).map(({ startedAt }) => startedAt.toISOString().slice(0, 10))).toEqual([
      "2030-01-01",
      "2030-01-08",
      "2030-01-15",
      "2030-01-22",
      "2030-01-29",
    ]);
    expect(host.now).toEqual(new Date("2030-01-31T00:00:00Z"));
  });

  it("takes a decision after the second reminder", async () => {
    host.raiseWhen(approveExpense, hasReminded(2), decided, { approved: true, by: "Robin" });

    const result = await host.run(approveExpense, expense);

    expect(result).toEqual({ status: "approved", by: "Robin", reminders: 2 });
  });

  it("ends the same wherever a worker dies", async () => {
    const report = await explore(approveExpense, {
      input: expense,
      activities: [notify],
      events: [eventWhen(hasReminded(1), decided, { approved: false, by: "Robin" })],
    });

    report.assertConverges();
    expect(report.expected.output).toEqual({ status: "declined", by: "Robin", reminders: 1 });
  });

  it("still replays what an instance of today has recorded", async () => {
    await host.client.startNew(approveExpense, expense, { instanceId: "expense" });
    await host.advance("10d");
    const fixture = await recordFixture(host.client, "expense"); // saveFixture keeps it for tomorrow's code

    expect(() => assertReplays(approveExpense, fixture)).not.toThrow();
  });
});

describe("the monitor", () => {
  it("checks every minute until it is stopped, and remembers the least", async () => {
    const readings = [900, 300, 700, 500];
    host.mock(readFreeMemory, () => readings[host.calls(readFreeMemory).length - 1] ?? 0);
    const hasChecked = ({ customStatus }: { readonly customStatus?: unknown }): boolean =>
      (customStatus as { readonly checks: number } | undefined)?.checks === 4;
    host.raiseWhen(watchMemory, hasChecked, stop);

    const result = await host.run(watchMemory, { every: "1m", checks: 0 });

    expect(result).toEqual({ checks: 4, leastFreeMb: 300 });
    expect(host.now).toEqual(new Date("2030-01-01T00:03:00Z"));
  });
});

describe("the reminder", () => {
  const reminder = { text: "change the clocks", timeZone: "Europe/Paris" };
  beforeEach(() => host.mockReturn(tell, undefined));

  it.each([
    { what: "in winter", at: "2030-02-01T09:00", instant: "2030-02-01T08:00:00.000Z" },
    { what: "in summer", at: "2030-07-14T09:00", instant: "2030-07-14T07:00:00.000Z" },
    {
      what: "at a time that clocks skip: later",
      at: "2030-03-31T02:30",
      instant: "2030-03-31T01:30:00.000Z",
    },
    {
      what: "at a time that clocks show twice: first",
      at: "2030-10-27T02:30",
      instant: "2030-10-27T00:30:00.000Z",
    },
  ])("comes $what", async ({ at, instant }) => {
    const result = await host.run(remindAt, { ...reminder, at });

    expect(result).toBe(`reminded at ${instant}`);
    expect(host.calls(tell).map(({ input, startedAt }) => [input, startedAt.toISOString()])).toEqual([
      ["change the clocks", instant],
    ]);
  });

  it("is listed among what is due this month, and moved by an operator, which its history tells", async () => {
    const { client } = host;
    const instance = await client.startNew(remindAt, { ...reminder, at: "2030-01-20T09:00" });
    await client.startNew(remindAt, { ...reminder, at: "2030-02-20T09:00" });
    await host.advance("1s");

    const due = [];
    for await (const timer of client.timers.list({ dueBefore: new Date("2030-02-01") })) due.push(timer);
    expect(due).toMatchObject([
      { name: "change the clocks", wallClock: { at: "2030-01-20T09:00", timeZone: "Europe/Paris" } },
    ]);
    await client.timers.move(due[0]!, { at: "2030-01-10T09:00+01:00" }, "Kim is away on the 20th");

    expect(await instance.result()).toBe("reminded at 2030-01-10T08:00:00.000Z");
    const history = await host.history(instance);
    expect(history.find(({ type }) => type === "TimerMoved")).toMatchObject({
      reason: "Kim is away on the 20th",
    });
  });

  it("does not come once an operator has cancelled its timer", async () => {
    const instance = await host.client.startNew(remindAt, { ...reminder, at: "2030-07-14T09:00" });
    await host.advance("1s");
    const [timer] = await host.client.timers.of(instance.instanceId);

    await host.client.timers.cancel(timer!, "not needed");

    expect(await instance.result()).toBe("not reminded: an operator cancelled the timer");
    expect(host.calls(tell)).toEqual([]);
  });
});

describe("the subscription", () => {
  const timeZone = "America/New_York";
  const kim: Subscription = { customer: "Kim", monthlyPrice: 9, startsOn: "2030-01-31", timeZone };
  const hasPaid =
    (months: number) =>
    ({ customStatus }: { readonly customStatus?: unknown }): boolean =>
      (customStatus as SubscriptionStatus | undefined)?.monthsPaid === months;
  beforeEach(async () => {
    await host.stop();
    const startTime = new Date("2030-01-31T06:00-05:00");
    host = await TestHost.start({ orchestrations: [subscription], activities: [chargeMonth], startTime });
  });

  it("is paid twelve times, on the same day and at the same hour of each month, and ends after a year", async () => {
    const result = await host.run(subscription, kim);

    expect(result).toEqual({ status: "ended", monthsPaid: 12 });
    const paid = host.calls(chargeMonth).map(({ startedAt }) => startedAt.toLocaleString("sv", { timeZone }));
    expect(paid).toEqual(
      [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].map(
        (day, month) => `2030-${String(month + 1).padStart(2, "0")}-${day} 06:00:00`,
      ),
    );
    expect(host.now).toEqual(new Date("2031-01-31T06:00-05:00"));
  });

  it("shows its next renewal to operators, who may bring it forward", async () => {
    const instance = await host.client.startNew(subscription, kim);
    await host.waitFor(instance, hasPaid(1));
    const [timer] = await host.client.timers.of(instance.instanceId);
    expect(timer).toMatchObject({ name: "renewal", fireAt: new Date("2030-02-28T06:00-05:00") });

    await host.client.timers.fire(timer!);
    await host.waitFor(instance, hasPaid(2));

    expect(host.now).toEqual(new Date("2030-01-31T06:00-05:00"));
    expect((await instance.status()).nextTimerAt).toEqual(new Date("2030-03-31T06:00-04:00"));
  });

  it("takes no more money once it is cancelled", async () => {
    host.raiseWhen(subscription, hasPaid(3), cancelSubscription, { reason: "moved" });

    const result = await host.run(subscription, kim);

    expect(result).toEqual({ status: "cancelled", monthsPaid: 3, reason: "moved" });
    expect(host.calls(chargeMonth)).toHaveLength(3);
  });

  it("charges each month once, wherever a worker dies", async () => {
    const report = await explore(subscription, {
      input: kim,
      seeds: 3,
      events: [eventWhen(hasPaid(3), cancelSubscription, { reason: "moved" })],
      world: () => {
        const charged = new Set<string>();
        return {
          activities: [
            defineActivity("chargeMonth", ({ idempotencyKey }) => void charged.add(idempotencyKey)),
          ],
          observe: () => charged.size,
        };
      },
    });

    report.assertConverges();
    expect(report.expected.observed).toBe(3);
  });

  it.each([
    ["2030-01-31", 1, "2030-02-28"],
    ["2028-01-31", 1, "2028-02-29"],
    ["2030-11-30", 3, "2031-02-28"],
    ["2030-12-15", 12, "2031-12-15"],
  ])("%s and %i months is %s", (date, months, expected) => {
    expect(monthsLater(date, months)).toBe(expected);
  });
});

describe("the nightly report", () => {
  const timeZone = "Europe/Paris";
  const request = { shop: "Louvre", timeZone };
  beforeEach(async () => {
    await host.stop();
    // A worker that dies is not replaced before the office opens.
    host = await TestHost.start({ orchestrations: [nightlyReport], activities: [dayBefore], takeover: "9h" });
    host.mockReturn(countOrders, 7);
  });

  it("is made once for every day of a year but one, in the nights in which clocks change too", async () => {
    const schedule = await host.client.schedules.create(nightly("louvre", request));
    await host.advanceTo(new Date("2031-01-01T00:00Z"));

    const { counts } = await schedule.describe();
    expect(counts).toEqual({ started: 364, skipped: 0, missed: 0 }); // none on New Year's Day
    const runs = host.calls(countOrders);
    expect(new Set(runs.map(({ input }) => input.day)).size).toBe(364);
    const local = runs.map(({ startedAt }) => startedAt.toLocaleString("sv", { timeZone }));
    expect(local.filter((time) => !time.endsWith("02:30:00"))).toEqual(["2030-03-31 03:30:00"]);
    expect(local.filter((time) => time.startsWith("2030-10-27"))).toEqual(["2030-10-27 02:30:00"]);
  });

  it("is made up for after an outage, for the day it belongs to", async () => {
    await host.client.schedules.create(nightly("louvre", request));
    await host.advanceTo(new Date("2030-01-05T01:00Z"));
    host.crash();
    await host.advanceTo(new Date("2030-01-05T23:00Z"));

    const runs = host.calls(countOrders).map(({ input, startedAt }) => [input.day, startedAt.getUTCHours()]);
    expect(runs).toEqual([
      ["2030-01-01", 1],
      ["2030-01-02", 1],
      ["2030-01-03", 1],
      ["2030-01-04", 10],
    ]);
  });

  it("is not made while one is still being made", async () => {
    host.mock(countOrders, async () => {
      await host.sleep("30h");
      return 1;
    });
    const schedule = await host.client.schedules.create(nightly("louvre", request));
    await host.advanceTo(new Date("2030-01-04T00:00Z"));

    const { counts, recent } = await schedule.describe();
    expect(counts).toMatchObject({ started: 1, skipped: 1 });
    expect(recent.at(-1)).toMatchObject({
      outcome: "skipped",
      reason: "still running: louvre-20300102T013000Z",
    });
  });
});

describe("a nightly schedule, kept by an orchestration", () => {
  const report = defineActivity("report", (_ctx, night: string) => `report of ${night}`);
  const nightly = defineOrchestration("nightly", function* (ctx, nightsLeft: number) {
    const now = ctx.currentUtcDateTime;
    const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), 2);
    yield* ctx.createTimer(new Date(today > now.getTime() ? today : today + 86_400_000));
    yield* ctx.callActivity(report, ctx.currentUtcDateTime.toISOString().slice(0, 10));
    return nightsLeft > 1 ? yield* ctx.continueAsNew(nightsLeft - 1) : "done";
  });

  it("reports at two, every night of a year, in an instant", async () => {
    const yearlong = await TestHost.start({ orchestrations: [nightly], activities: [report] });

    expect(await yearlong.run(nightly, 365)).toBe("done");

    const nights = yearlong.calls(report).map(({ startedAt }) => startedAt.toISOString());
    expect(nights).toHaveLength(365);
    expect(new Set(nights.map((night) => night.slice(11, 16)))).toEqual(new Set(["02:00"]));
    expect(nights.at(-1)).toMatch(/^2030-12-31/);
    await yearlong.stop();
  });

  it("reports each night once, whenever a worker dies", async () => {
    const found = await explore(nightly, {
      input: 3,
      seeds: 3,
      normalize: (output) => output,
      world: () => {
        const nights = new Map<string, string>();
        return {
          activities: [
            defineActivity("report", ({ idempotencyKey }, night: string) => {
              nights.set(idempotencyKey, night);
            }),
          ],
          observe: () => [...nights.values()],
        };
      },
    });

    found.assertConverges();
    expect(found.expected.observed).toEqual(["2030-01-01", "2030-01-02", "2030-01-03"]);
  });
});
