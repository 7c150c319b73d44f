/** `perdure dev` and `perdure worker` as real processes. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ManagementClient } from "@perdure/http";
import { newFolder, runIn } from "./support/hub";
import { LOADER, PROGRAM, inTerminal, piped } from "./support/processes";
import type { TestProcess } from "./support/processes";

let folder: string;
let processes: TestProcess[];
beforeEach(async () => {
  folder = await newFolder();
  processes = [];
  mkdirSync(path.join(folder, "lib"));
  writeFileSync(path.join(folder, "package.json"), "{}");
});
afterEach(async () => {
  for (const process of processes) {
    process.kill("SIGKILL");
    await process.end;
  }
  rmSync(folder, { recursive: true, force: true });
});

function start<T extends TestProcess>(process: T): T {
  processes.push(process);
  return process;
}

function writeCode(file: string, text: string): void {
  writeFileSync(path.join(folder, file), text);
}

const ORCHESTRATIONS = `
  const { defineActivity, defineOrchestration } = require("@perdure/core");
  const { greeting } = require("./lib/greeting.cjs");
  const greet = defineActivity("greet", (_ctx, name) => greeting + ", " + name);
  exports.greet = greet;
  exports.examples = { meet: { note: "it's a test" } };
  exports.meet = defineOrchestration("meet", function* (ctx) {
    const name = yield* ctx.waitForExternalEvent("name");
    return yield* ctx.callActivity(greet, name);
  });
`;

describe("perdure dev", () => {
  it("starts the worker again when an imported file changes; an instance survives it", async () => {
    writeCode("lib/greeting.cjs", 'exports.greeting = "Hello";');
    writeCode("orchestrations.cjs", ORCHESTRATIONS);
    const dev = start(piped(PROGRAM, ["dev", "orchestrations.cjs", "--json", "--port", "0"], folder));
    const [, url = ""] = await dev.printed(/"event":"serving","url":"([^"]+)"/);
    await dev.printed(/"event":"running","orchestrations":\["meet"\],"activities":\["greet"\]/);
    const client = new ManagementClient({ url });
    await client.start("meet", undefined, { instanceId: "m1" });
    const before = await untilRunning(client, "m1");

    writeCode("lib/greeting.cjs", 'exports.greeting = "Good morning";');
    await dev.printed(/"event":"changed","file":"lib.greeting\.cjs"[^]*"event":"running"/);
    await client.raiseEvent("m1", "name", "Kim");

    await expect(client.result("m1", { timeout: "20s" })).resolves.toBe("Good morning, Kim");
    expect((await client.get("m1"))?.executionId).toBe(before);

    dev.kill("SIGINT");
    await expect(dev.end).resolves.toMatchObject({ exitCode: 0 });
    await expect(fetch(url)).rejects.toThrow();
  });

  it("says where code is wrong, goes on watching, and runs it once it is mended; in a terminal", async () => {
    writeCode("lib/greeting.cjs", "exports.greeting = ;");
    writeCode("orchestrations.cjs", ORCHESTRATIONS);
    const dev = start(inTerminal(PROGRAM, ["dev", "orchestrations.cjs", "--port", "0"], folder));
    await dev.printed(/Your code does not load:[^]*lib.greeting\.cjs:1[^]*SyntaxError/);

    writeCode("lib/greeting.cjs", 'exports.greeting = "Hello";');
    await dev.printed(/Running\S* meet, greet\./);
    const [, pasted = ""] = await dev.printed(/npx (perdure start .*try-1)/);
    const [, curl = ""] = await dev.printed(/(curl -X POST .*'\S*)\r?\n/);

    const program = `"${process.execPath}" --require "${LOADER}" "${PROGRAM}"`;
    expect(execFileSync("sh", ["-c", pasted.replace("perdure", program)], { cwd: folder }).toString()).toBe(
      "try-1\n",
    );
    const [, id = ""] = /"id":"(\w+)"/.exec(execFileSync("sh", ["-c", `${curl} --silent`]).toString()) ?? [];
    const { stdout } = await runIn(folder, ["get", id, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ name: "meet", input: { note: "it's a test" } });
    dev.write("\u0003");
    await dev.printed(/Stopped\./);
    await expect(dev.end).resolves.toMatchObject({ exitCode: 0 });
  });
});

describe("perdure worker", () => {
  it("lets activities finish on SIGTERM, and ends with 0", async () => {
    cpSync(path.join(__dirname, "fixtures/slow.js"), path.join(folder, "slow.js"));
    await runIn(folder, ["start", "slow", "--id", "s1"]);
    const worker = start(piped(PROGRAM, ["worker", "slow.js", "--json"], folder));
    await worker.printed(/the activity has begun/);

    worker.kill("SIGTERM");

    await expect(worker.end).resolves.toMatchObject({ exitCode: 0 });
    expect(worker.text).toMatch(/the activity has ended\n.*"event":"stopped"/);
    await expect(runIn(folder, ["get", "s1", "--json"])).resolves.toMatchObject({ exitCode: 0 });
  });

  it("says why code does not load, and ends with 2", async () => {
    writeCode("broken.cjs", 'require("./missing.cjs");');

    const worker = start(piped(PROGRAM, ["worker", "broken.cjs"], folder));

    await expect(worker.end).resolves.toMatchObject({ exitCode: 2 });
    expect(worker.talk).toMatch(/broken\.cjs does not load:\n.*Cannot find module '\.\/missing\.cjs'/);
  });
});

async function untilRunning(client: ManagementClient, instanceId: string): Promise<string> {
  for await (const { runtimeStatus, executionId } of client.watch(instanceId))
    if (runtimeStatus === "Running") return executionId;
  throw new Error(`Instance '${instanceId}' ended early.`);
}
