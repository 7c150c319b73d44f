import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** As a runner of its own, not as a part of another one. */
const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...env } = process.env;

describe("with node:test", () => {
  it("runs a suite, and the process ends by itself", async () => {
    const folder = join(__dirname, "node-test");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--require", join(folder, "sources.js"), "--test", "--test-reporter=tap", join(folder, "example.js")],
      { env, timeout: 25_000 },
    );

    expect(stdout).toMatch(/^# pass 2$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });
});
