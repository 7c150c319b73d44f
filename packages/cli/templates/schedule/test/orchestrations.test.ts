import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { TestHost } from "@perdure/testing";
import { countOrders, report } from "../src/orchestrations.ts";

describe("the report", () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await TestHost.start({ orchestrations: [report], activities: [countOrders] });
    host.mockReturn(countOrders, 12);
  });
  afterEach(() => host.stop());

  it("is of the day it is started on", async () => {
    const text = await host.run(report, { shop: "Rue de Rivoli" });

    assert.equal(text, "Rue de Rivoli had 12 orders on 2030-01-01");
  });

  it("is made every night by a schedule", async () => {
    const nightly = await host.client.schedules.create({
      id: "nightly",
      orchestration: report,
      input: { shop: "Rue de Rivoli" },
      spec: { cron: "30 2 * * *" },
    });
    await host.advance("3d");

    const { counts } = await nightly.describe();
    assert.equal(counts.started, 3);
    assert.deepEqual(
      host.calls(countOrders).map(({ input }) => (input as { readonly day: string }).day),
      ["2030-01-01", "2030-01-02", "2030-01-03"],
    );
  });
});
