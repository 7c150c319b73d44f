"use strict";

// A suite for Node's own test runner, run by node-test.test.ts.
const assert = require("node:assert/strict");
const { after, before, describe, it } = require("node:test");
const { defineActivity, defineOrchestration } = require("@perdure/core");
const { TestHost, explore } = require("@perdure/testing");

const greet = defineActivity("greet", (_ctx, name) => `Hello, ${name}!`);
const greetInAYear = defineOrchestration("greetInAYear", function* (ctx, name) {
  yield* ctx.createTimer("365d");
  return yield* ctx.callActivity(greet, name);
});

describe("greetInAYear", () => {
  let host;
  before(async () => {
    host = await TestHost.start({ orchestrations: [greetInAYear], activities: [greet] });
  });
  after(() => host.stop());

  it("greets after a year", async () => {
    assert.equal(await host.run(greetInAYear, "World"), "Hello, World!");
    assert.equal(host.now.getUTCFullYear(), 2031);
  });

  it("converges", async () => {
    const report = await explore(greetInAYear, { input: "World", activities: [greet], seeds: 1 });

    report.assertConverges();
  });
});
