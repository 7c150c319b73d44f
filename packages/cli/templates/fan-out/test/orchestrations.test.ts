import assert from "node:assert/strict";
import { test } from "node:test";
import { TestHost } from "@perdure/testing";
import { countWords, totalWords } from "../src/orchestrations.ts";

test("adds up the words of all texts, also when some have to be tried again", async () => {
  const host = await TestHost.start({ orchestrations: [totalWords] });
  try {
    host.mock(countWords, ({ attempt }, text) => {
      if (attempt === 1 && text.endsWith("7")) throw new Error("busy");
      return 2;
    });
    const texts = Array.from({ length: 100 }, (_unused, index) => `text ${index}`);

    assert.equal(await host.run(totalWords, texts), 200);
    assert.equal(host.calls(countWords).length, 110);
  } finally {
    await host.stop();
  }
});
