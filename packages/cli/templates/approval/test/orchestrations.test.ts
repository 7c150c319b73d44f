import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { TestHost } from "@perdure/testing";
import { approveExpense, decided, notify } from "../src/orchestrations.ts";

describe("the approval of an expense", () => {
  const expense = { employee: "Kim", amount: 120 };
  let host: TestHost;
  beforeEach(async () => {
    host = await TestHost.start({ orchestrations: [approveExpense], activities: [notify] });
  });
  afterEach(() => host.stop());

  it("is what the person decides", async () => {
    const instance = await host.client.startNew(approveExpense, expense);
    await instance.raiseEvent(decided, { approved: true, by: "Robin" });

    assert.deepEqual(await instance.result(), { status: "approved", by: "Robin" });
  });

  it("expires after 30 days with a reminder each week: in virtual time, at once", async () => {
    assert.deepEqual(await host.run(approveExpense, expense), { status: "expired" });

    assert.equal(host.calls(notify).length, 5); // the first message, and four reminders
  });
});
