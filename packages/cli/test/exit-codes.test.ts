/** What each outcome ends with, and what is said then. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { EXIT_CODES } from "../src/exit-codes";
import type { Outcome } from "../src/exit-codes";
import { Hub, newFolder, runIn } from "./support/hub";

let hub: Hub;
beforeAll(async () => {
  hub = await Hub.start();
  await hub.client.startNew("echo", 1, { instanceId: "done" });
  await hub.client.startNew("waits", 1, { instanceId: "waiting" });
  await hub.client.startNew("breaks", undefined, { instanceId: "broken" });
  await Promise.all(["done", "broken"].map((id) => hub.client.instance(id).waitForCompletion()));
  await hub.client.instance("waiting").waitForStart();
  writeFileSync(path.join(hub.folder, "bad.yaml"), "profiles:\n  a: {path: x, url: y}\n  b: {pfad: x}\n");
  symlinkSync("no-such-thing", path.join(hub.folder, "nowhere"));
});
afterAll(() => hub.stop());

/** Nine levels, each with ten of the one before. */
const BOMB = ["a0: &a0 x"]
  .concat(
    Array.from(
      { length: 9 },
      (_unused, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(10)}]`,
    ),
  )
  .join("\n");
const NOBODY_LISTENS = "http://127.0.0.1:9";

describe("a command line ends with", () => {
  it.each<[outcome: Outcome, args: readonly string[], said: RegExp]>([
    ["ok", ["get", "done"], /^$/],
    ["ok", ["--help"], /^$/],
    ["ok", ["--version"], /^$/],
    ["ok", ["help", "start"], /^$/],
    ["ok", ["purge", "--prefix", "none-of-these", "--yes"], /^$/],
    ["usage", [], /Usage: perdure/],
    ["usage", ["lst"], /unknown command 'lst'\n\(Did you mean list\?\)/],
    ["usage", ["list", "--stats", "Failed"], /unknown option '--stats'\n\(Did you mean --status\?\)/],
    ["usage", ["get"], /missing required argument 'instance'/],
    ["usage", ["list", "--status", "Complete"], /Did you mean Completed\?/],
    ["usage", ["list", "--limit", "many"], /whole number/],
    ["usage", ["list", "--from", "yesterday"], /--from is 'yesterday', which is no time/],
    ["usage", ["list", "--from", "99999999999d"], /--from is '99999999999d', which leads out of the years/],
    ["usage", ["timers", "--due-before", "9000000d"], /Give a shorter time/],
    ["usage", ["list", "--tag", "blue"], /Give name=value/],
    ["usage", ["start", "echo", "Tokyo"], /'"Tokyo"'/],
    ["usage", ["start", "echo", "{bad"], /is not JSON/],
    ["usage", ["start", "echo", "@missing.json"], /there is no such file/],
    ["usage", ["start", "echo", "--id", "a/b"], /id/],
    ["usage", ["wait", "done", "--timeout", "soon"], /no length of time/],
    ["usage", ["purge"], /Nothing says which instances/],
    ["usage", ["purge", "done", "--every"], /Give one of them/],
    ["usage", ["purge", "--every"], /Give --yes to delete them/],
    ["usage", ["list", "--path", "a", "--url", "http://b"], /only one can be/],
    ["usage", ["list", "--url", "ftp://b"], /URL of the server is not valid/],
    ["usage", ["list", "--url", "http://me:secret@b"], /PERDURE_KEY/],
    ["usage", ["list", "--url", NOBODY_LISTENS, "--key", "bad\nkey"], /^Error: The key has .*\n.*\n$/],
    ["usage", ["list", "--profile", "production"], /There is no profile 'production'/],
    ["usage", ["list", "--hub", "../up"], /no name/],
    ["usage", ["list", "--connection-string", "nonsense"], /connection string/i],
    ["usage", ["timers", "fire", "waiting", "soon"], /no number/],
    ["usage", ["schedules", "create", "a", "echo"], /Nothing says when it ticks/],
    ["usage", ["schedules", "create", "a", "echo", "--cron", "nonsense"], /cron/],
    ["usage", ["schedules", "trigger", "a", "--overlap-policy", "skp"], /Did you mean skip\?/],
    ["usage", ["dead-letters", "redrive"], /Give ids, or --all/],
    ["usage", ["replay", "--code", "missing.js"], /There is no file/],
    ["usage", ["worker"], /No file is named/],
    ["usage", ["dev", "--url", NOBODY_LISTENS], /is a server/],
    ["usage", ["init", "x", "--template", "sage"], /Did you mean 'saga'\?/],
    ["usage", ["init", "."], /is not empty/],
    ["usage", ["init", "bad.yaml"], /it is a file/],
    ["usage", ["init", "bad.yaml/x/y"], /bad\.yaml.* cannot be (made|used)/],
    ["usage", ["init", "nowhere"], /nowhere cannot be made: there is .* a link that leads nowhere/],
    ["usage", ["completion", "tcsh"], /bash, zsh, fish/],
    ["notFound", ["get", "nobody"], /No instance 'nobody'/],
    ["notFound", ["history", "nobody"], /No instance 'nobody'/],
    ["notFound", ["wait", "nobody"], /No instance 'nobody'/],
    ["notFound", ["watch", "nobody"], /No instance 'nobody'/],
    ["notFound", ["raise", "nobody", "go"], /No instance 'nobody'/],
    ["notFound", ["explain", "nobody"], /No instance 'nobody'/],
    ["notFound", ["purge", "nobody", "--yes"], /No instance 'nobody'/],
    ["notFound", ["timers", "fire", "waiting", "7"], /no pending timer 7/],
    ["notFound", ["schedules", "describe", "never"], /No schedule 'never'/],
    ["notFound", ["dead-letters", "redrive", "letter"], /no dead letter letter/],
    ["notFound", ["list", "--hub", "Elsewhere"], /There is no task hub in .*Elsewhere\.perdure/],
    ["conflict", ["start", "echo", "--id", "waiting"], /already exists/],
    ["conflict", ["raise", "done", "go"], /is Completed/],
    ["conflict", ["rewind", "done"], /is Completed/],
    ["conflict", ["purge", "waiting", "--yes"], /is Running/],
    ["conflict", ["restart", "waiting", "--same-id"], /is Running/],
    ["timeout", ["wait", "waiting", "--timeout", "50ms"], /has not finished/],
    ["timeout", ["start", "waits", "--wait", "--timeout", "50ms"], /has not finished/],
    ["instanceFailed", ["wait", "broken"], /failed: .*the part is broken/],
    ["instanceFailed", ["start", "breaks", "--wait"], /failed: .*the part is broken/],
  ])("%s: perdure %j", async (outcome, args, said) => {
    const { exitCode, stderr } = await hub.run(args);

    expect(stderr).toMatch(said);
    expect(exitCode).toBe(EXIT_CODES[outcome]);
  });

  it("usage when a configuration is wrong, and says where", async () => {
    const env = { PERDURE_CONFIG: path.join(hub.folder, "bad.yaml") };

    const { exitCode, stderr } = await hub.run(["list"], { env });

    expect(stderr).toMatch(/bad\.yaml: profile 'b' has 'pfad', which means nothing/);
    expect(exitCode).toBe(EXIT_CODES.usage);
  });

  it.each<[what: string, make: (file: string) => void, said: RegExp]>([
    ["a folder", (file) => mkdirSync(file), /perdure\.yaml is not a file/],
    ["a pipe", (file) => execFileSync("mkfifo", [file]), /perdure\.yaml is not a file/],
    ["a bomb of aliases", (file) => writeFileSync(file, BOMB), /perdure\.yaml repeats too much/],
  ])("usage when perdure.yaml is %s, and names it", async (_what, make, said) => {
    const folder = await newFolder();
    make(path.join(folder, "perdure.yaml"));

    const { exitCode, stderr } = await runIn(folder, ["list"]);
    rmSync(folder, { recursive: true });

    expect(stderr).toMatch(said);
    expect(exitCode).toBe(EXIT_CODES.usage);
  });

  it("interrupted when it is asked to end while it waits", async () => {
    const ending = new AbortController();

    const waiting = hub.run(["wait", "waiting"], { ending: ending.signal });
    ending.abort();

    await expect(waiting).resolves.toMatchObject({ exitCode: EXIT_CODES.interrupted, stderr: "" });
  });

  it("an error as a line of JSON with --json", async () => {
    const { exitCode, stdout, stderr } = await hub.run(["get", "nobody", "--json"]);

    expect(exitCode).toBe(EXIT_CODES.notFound);
    expect(stdout).toBe("");
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "InstanceNotFound" } });
  });

  it.each<[args: readonly string[], said: RegExp]>([
    [["lst"], /^unknown command 'lst'\n\(Did you mean list\?\)$/],
    [["list", "--nope"], /^unknown option '--nope'/],
    [["list", "--limit", "0"], /Give a whole number/],
    [["help", "lst"], /names no command/],
    [[], /names no command/],
  ])("a wrong line as a line of JSON, too: %j", async (args, said) => {
    const { exitCode, stdout, stderr } = await hub.run([...args, "--json"]);

    expect(exitCode).toBe(EXIT_CODES.usage);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^.+\n$/);
    expect(JSON.parse(stderr).error.message).toMatch(said);
  });

  it("a way to begin where no hub is", async () => {
    const folder = await newFolder();

    const { exitCode, stderr } = await runIn(folder, ["list"]);
    rmSync(folder, { recursive: true });

    expect(stderr).toMatch(/Begin one with 'perdure dev'/);
    expect(exitCode).toBe(EXIT_CODES.notFound);
  });
});
