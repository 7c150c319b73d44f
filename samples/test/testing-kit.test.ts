/** How to test orchestrations with `@perdure/testing`: the suite somebody who uses Perdure would write. */
import { assertReplays, eventWhen, explore, recordFixture, TestHost } from "@perdure/testing";
import { NonRetriableError, defineActivity, defineOrchestration } from "perdure";
import { approveExpense, decided, notify } from "../src/approval";
import type { Waiting } from "../src/approval";
import { readFreeMemory, stop, watchMemory } from "../src/monitor";
import { chargeCard, orderSaga, refundCard, releaseStock, reserveStock, ship } from "../src/order-saga";
import type { Order } from "../src/order-saga";

let host: TestHost;
beforeEach(async () => {
  host = await TestHost.start({ orchestrations: [orderSaga, approveExpense, watchMemory] });
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
