/** What the tables of other tests have no room for. */
import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "../src/run";
import { fakeSurroundings } from "./support/fake-surroundings";
import { Hub } from "./support/hub";
import { faults } from "./support/orchestrations";
import { LOADER, PROGRAM, inTerminal } from "./support/processes";

let hub: Hub;
beforeAll(async () => {
  hub = await Hub.start();
});
afterAll(() => hub.stop());

describe("perdure rewind", () => {
  it("lets a failed instance go on once its trouble is mended", async () => {
    const { exitCode: failed } = await hub.run(["start", "breaks", "--id", "b1", "--wait"]);
    faults.isBroken = false;

    await hub.run(["rewind", "b1"]);
    await hub.reached("b1", "Completed");

    const { stdout } = await hub.run(["wait", "b1"]);
    expect(failed).toBe(7);
    expect(stdout).toBe('"mended"\n');
  });
});

describe("perdure watch", () => {
  it("follows all that match, a line of JSON each, until it is asked to end", async () => {
    const ending = new AbortController();
    await hub.run(["start", "echo", "--id", "seen-1", "--wait"]);
    const { surroundings, written } = fakeSurroundings({ workingFolder: hub.folder, ending: ending.signal });
    const wrote = new Promise<void>((resolve) => {
      const write = (text: string): void => {
        written.stdout += text;
        if (/seen-2.*Completed|Completed.*seen-2/.test(text)) resolve();
      };
      Object.assign(surroundings.stdout, { write });
    });

    const watching = run(["watch", "--prefix", "seen-", "--json"], surroundings);
    await hub.run(["start", "echo", "--id", "seen-2", "--wait"]);
    await wrote;
    ending.abort();

    expect(await watching).toBe(130);
    const ids = written.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).instance.instanceId);
    expect(new Set(ids)).toEqual(new Set(["seen-1", "seen-2"]));
  });
});

describe("input", () => {
  it("comes from standard input or a file", async () => {
    writeFileSync(path.join(hub.folder, "input.json"), '{"from":"a file"}');

    const piped = await hub.run(["start", "echo", "-", "--wait"], { input: '{"from":"a pipe"}' });
    const file = await hub.run(["start", "echo", "@input.json", "--wait"]);

    expect(JSON.parse(piped.stdout)).toEqual({ from: "a pipe" });
    expect(JSON.parse(file.stdout)).toEqual({ from: "a file" });
  });
});

describe("secrets", () => {
  const key = "c2VjcmV0LXNlY3JldC1zZWNyZXQ=";

  it.each<[what: string, args: readonly string[], env: Readonly<Record<string, string>>]>([
    [
      "a connection string that is not whole",
      ["list", "--connection-string", `AccountName=a;AccountKey=${key};x`],
      {},
    ],
    [
      "one of the environment, of an unknown account",
      ["purge"],
      { PERDURE_STORAGE: `AccountName=;AccountKey=${key}` },
    ],
    ["a key for a server", ["worker"], { PERDURE_URL: "http://127.0.0.1:9", PERDURE_KEY: key }],
    ["the help of a wrong line", ["list", "--key", key, "--nonsense"], {}],
  ])("are not in the output: %s", async (_what, args, env) => {
    for (const json of [[], ["--json"]]) {
      const { exitCode, stdout, stderr } = await hub.run([...args, ...json], { env });

      expect(exitCode).toBe(2);
      expect(stdout + stderr).not.toContain(key);
    }
  });
});

describe("completion", () => {
  it.each([
    ["perdure li", ["list"]],
    ["perdure timers ", ["cancel", "fire", "list", "move"]],
    ["perdure timers f", ["fire"]],
    ["perdure purge --dr", ["--dry-run"]],
    ["perdure completion ", ["bash", "fish", "zsh"]],
    ["perdure list --js", ["--json"]],
    ["perdure nonsense --prof", ["--profile"]],
  ])("of '%s' is %j", async (line, words) => {
    const { exitCode, stdout } = await hub.run(["--compbash", "--compgen", "1", "perdure", line]);

    expect(stdout.split("\n").filter((word) => word !== "")).toEqual(words);
    expect(exitCode).toBe(0);
  });
});

describe("in a terminal", () => {
  it("purge asks, and deletes nothing without a yes", async () => {
    for (const id of ["p1", "p2"]) await hub.run(["start", "echo", "--id", id, "--wait"]);

    for (const [answer, exitCode, left] of [
      ["n\r", 1, 0],
      ["\u0004", 1, 0], // the end of input
      ["\u0003", 130, 0], // Ctrl+C
      ["y\r", 0, 3],
    ] as const) {
      const purge = inTerminal(PROGRAM, ["purge", "--prefix", "p"], hub.folder);
      await purge.printed(/Delete 2 instances for good\? \[y\/N\]/);
      purge.write(answer);

      await expect(purge.end).resolves.toMatchObject({ exitCode });
      expect((await hub.run(["get", "p1"])).exitCode).toBe(left);
      if (exitCode === 0) expect(purge.text).toMatch(/Deleting .*0\/2[^]*Deleted 2 instances\./);
    }
  });

  it("Ctrl+C ends a wait with 130, and the instance goes on", async () => {
    await hub.run(["start", "waits", "--id", "w1"]);
    const watch = inTerminal(PROGRAM, ["watch", "w1"], hub.folder);
    await watch.printed(/Running\S* +w1/);

    watch.write("\u0003");

    await expect(watch.end).resolves.toMatchObject({ exitCode: 130 });
    expect((await hub.run(["get", "w1", "--json"])).stdout).toMatch(/"runtimeStatus": "Running"/);
  });
});

describe("in a pipe", () => {
  it("a reader that has seen enough is no error", () => {
    const program = `"${process.execPath}" --require "${LOADER}" "${PROGRAM}"`;

    const { stderr } = spawnSync("sh", ["-c", `(${program} list; echo "code $?" >&2) | true`], {
      ...{ cwd: hub.folder, encoding: "utf8" },
    });

    expect(stderr).toBe("code 0\n");
  });

  it("an output that takes nothing is told in a line; a talk that cannot be told changes no exit code", () => {
    const full = openSync(path.join(hub.folder, "read-only"), constants.O_CREAT | constants.O_RDONLY);
    const spawned = (args: readonly string[], stdout: "pipe" | number, stderr: "pipe" | number) =>
      spawnSync(process.execPath, ["--require", LOADER, PROGRAM, ...args], {
        ...{ cwd: hub.folder, encoding: "utf8" as const, stdio: ["ignore", stdout, stderr] },
      });

    const list = spawned(["list"], full, "pipe");
    const json = spawned(["list", "--json"], full, "pipe");
    const get = spawned(["get", "nope"], "pipe", full);
    closeSync(full);

    expect(list).toMatchObject({ status: 1, stderr: expect.stringMatching(/^Error: Standard output .*\n$/) });
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stderr).error.message).toMatch(/^Standard output cannot be written/);
    expect(get.status).toBe(3);
  });

  it("a talk that nobody reads any more changes no exit code", () => {
    const program = `"${process.execPath}" --require "${LOADER}" "${PROGRAM}"`;

    const { stderr } = spawnSync("sh", ["-c", `(${program} get nope 2>&1; echo "code $?" >&2) | true`], {
      ...{ cwd: hub.folder, encoding: "utf8" },
    });

    expect(stderr).toBe("code 3\n");
  });
});
