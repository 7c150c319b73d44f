/** The API by curl alone, as a script of the samples uses it. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { embedded } from "./support/hubs";
import { ServedHub } from "./support/served-hub";

const SCRIPT = join(__dirname, "../../../samples/src/http/management.sh");

function assertCurl(): void {
  try {
    execFileSync("curl", ["--version"], { stdio: "ignore" });
  } catch {
    throw new Error("This test needs curl: install it, or add it to the image that runs the tests.");
  }
}

describe("curl", () => {
  const key = "a key of the tour 0123456789".replaceAll(" ", "-");

  it.each([
    ["without a key", {}, {}],
    ["with a key", { keys: [{ name: "tour", key, role: "operator" as const }] }, { PERDURE_KEY: key }],
  ])("starts, polls, raises, terminates, queries with pages and purges %s", async (_, options, env) => {
    assertCurl();
    const hub = await ServedHub.open(embedded, options);
    try {
      const script = spawn("sh", [SCRIPT, hub.url, "wait", "go"], {
        env: { ...process.env, ...env, PERDURE_PAUSE: "0.1" },
        timeout: 25_000,
      });
      let output = "";
      for (const stream of [script.stdout, script.stderr])
        stream.on("data", (text: Buffer) => (output += text.toString()));

      const [code] = (await once(script, "close")) as [number | null];

      expect({ code, output }).toEqual({
        code: 0,
        output: expect.stringMatching(/page 1: 2\n {2}page 2: 1\n[^]*done\n$/),
      });
      expect(output).toContain("200, runtimeStatus: Terminated, output: no longer needed");
    } finally {
      await hub.close();
    }
  });
});
