import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { TestHost } from "@perdure/testing";
import { chargeCard, order, refundCard, releaseStock, reserveStock, ship } from "../src/orchestrations.ts";

describe("an order", () => {
  const request = { item: "a lamp", price: 40, country: "Norway" };
  let host: TestHost;
  beforeEach(async () => {
    host = await TestHost.start({
      orchestrations: [order],
      activities: [reserveStock, releaseStock, chargeCard, refundCard, ship],
    });
  });
  afterEach(() => host.stop());

  it("is shipped", async () => {
    assert.deepEqual(await host.run(order, request), { status: "shipped", parcel: "parcel to Norway" });
  });

  it("is undone, last step first, when nobody delivers", async () => {
    host.mockReturn(chargeCard, "payment");

    assert.deepEqual(await host.run(order, { ...request, country: "Atlantis" }), {
      status: "cancelled",
      reason: "nobody delivers to Atlantis",
      undone: ["refunded the payment", "released the reservation of a lamp"],
    });
  });

  it("goes on elsewhere when a worker dies, and charges with the same key", async () => {
    const instance = await host.client.startNew(order, request);
    await host.waitFor(instance, () => host.calls(chargeCard).length > 0);
    host.crash();

    assert.deepEqual(await instance.result(), { status: "shipped", parcel: "parcel to Norway" });
    assert.equal(new Set(host.calls(chargeCard).map(({ idempotencyKey }) => idempotencyKey)).size, 1);
  });
});
