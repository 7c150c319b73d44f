import assert from "node:assert/strict";
import { test } from "node:test";
import { TestHost } from "@perdure/testing";
import { greet, hello } from "../src/orchestrations.ts";

test("greets each city, in order", async () => {
  const host = await TestHost.start({ orchestrations: [hello], activities: [greet] });
  try {
    assert.deepEqual(await host.run(hello, ["Tokyo", "Seattle"]), ["Hello, Tokyo!", "Hello, Seattle!"]);
  } finally {
    await host.stop();
  }
});
