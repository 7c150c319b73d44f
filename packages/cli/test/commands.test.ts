/**
 * Every command: what it ends with, and what it writes where. In a pseudo-terminal and with pipes, straight on storage and
 * through a server.
 */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { silentLogger } from "@perdure/core";
import { serveManagementApi } from "@perdure/http";
import type { ManagementServer } from "@perdure/http";
import { Hub } from "./support/hub";
import { betweenMarks } from "./support/marks";
import { DRIVER, inTerminal, piped } from "./support/processes";

interface Line {
  readonly args: readonly string[];
  /** Default: 0. */
  readonly exitCode?: number;
  /** What is in its data, without colours. */
  readonly data?: RegExp;
  /** Of its data with `--json`; of several lines, each. */
  readonly json?: object;
}

const LINES: readonly Line[] = [
  {
    args: ["start", "echo", '{"city":"Tokyo"}', "--id", "e1", "--tag", "team=blue", "--wait"],
    data: /"city": "Tokyo"/,
  },
  { args: ["start", "waits", "--id", "w1", "--json"], json: { instanceId: "w1", created: true } },
  { args: ["start", "waits", "--id", "w1", "--if-exists", "attach"], data: /^w1$/m },
  { args: ["start", "sleeps", "--id", "s1"], data: /^s1$/m },
  { args: ["start", "echo", "--id", "later", "--delay", "1h"], data: /^later$/m },
  { args: ["list"], data: /INSTANCE +ORCHESTRATION +STATUS[^]*e1 +echo +Completed/ },
  {
    args: ["list", "--tag", "team=blue", "--json"],
    json: { instances: [{ instanceId: "e1" }], hasMore: false },
  },
  { args: ["list", "--limit", "1", "--json"], json: { hasMore: true } },
  { args: ["get", "e1"], data: /Instance: +e1\nOrchestration: +echo\nStatus: +Completed/ },
  {
    args: ["get", "e1", "--json"],
    json: { instanceId: "e1", runtimeStatus: "Completed", input: { city: "Tokyo" } },
  },
  { args: ["history", "e1"], data: /ExecutionStarted 'echo'[^]*ExecutionCompleted Completed/ },
  { args: ["history", "e1", "--json"], json: { instanceId: "e1", events: expect.any(Array) } },
  { args: ["history", "e1", "--export", "e1.json"], data: /^$|Written to/ },
  { args: ["replay", "e1.json", "--code", "code.js"], data: /1 instance replayed: your code fits\./ },
  {
    args: ["replay", "e1", "--code", "other.js", "--json"],
    exitCode: 8,
    json: { checked: 1, divergences: [{ instanceId: "e1" }] },
  },
  { args: ["replay", "--code", "code.js"], data: /instances? replayed: your code fits\./ },
  { args: ["explain", "w1"], data: /w1[^]*event 'go'/ },
  {
    args: ["explain", "w1", "--json"],
    json: { instanceId: "w1", waitsFor: [{ kind: "event", name: "go" }] },
  },
  { args: ["raise", "w1", "go", '{"ok":true}'], data: /^$|Raised/ },
  { args: ["wait", "w1"], data: /"ok": true/ },
  {
    args: ["wait", "w1", "--json"],
    json: { instanceId: "w1", runtimeStatus: "Completed", output: { ok: true } },
  },
  { args: ["watch", "w1"], data: /Completed +w1 \(waits\)/ },
  { args: ["watch", "w1", "--json"], json: { kind: "changed", instance: { instanceId: "w1" } } },
  { args: ["timers"], data: /INSTANCE +TIMER +NAME[^]*s1 +0 +nap/ },
  {
    args: ["timers", "list", "s1", "--json"],
    json: { timers: [{ instanceId: "s1", timerId: 0, name: "nap" }] },
  },
  {
    args: ["timers", "move", "s1", "0", "30m", "--reason", "sooner", "--json"],
    json: { instanceId: "s1", timerId: 0 },
  },
  { args: ["timers", "fire", "s1", "0"] },
  { args: ["wait", "s1"], data: /"awake"/ },
  { args: ["timers", "cancel", "later", "start"] },
  { args: ["wait", "later"], exitCode: 7 },
  { args: ["start", "waits", "--id", "w2"] },
  { args: ["suspend", "w2", "--reason", "lunch"] },
  { args: ["resume", "w2", "--json"], json: { instanceId: "w2" } },
  { args: ["terminate", "w2", "--reason", "enough"] },
  { args: ["wait", "w2"], exitCode: 7 },
  { args: ["start", "breaks", "--id", "b1", "--wait"], exitCode: 7 },
  { args: ["rewind", "b1", "--json"], json: { instanceId: "b1" } },
  { args: ["restart", "e1", "--new-id", "e2"], data: /^e2$/m },
  {
    args: ["schedules", "create", "hourly", "echo", '"tick"', "--every", "1h", "--note", "for people"],
    data: /Schedule: +hourly/,
  },
  { args: ["schedules"], data: /SCHEDULE +ORCHESTRATION[^]*hourly +echo +active/ },
  {
    args: ["schedules", "describe", "hourly", "--next", "2", "--json"],
    json: { id: "hourly", nextTimes: [expect.any(String), expect.any(String)] },
  },
  { args: ["schedules", "update", "hourly", "--max-runs", "5", "--remove", "note"] },
  { args: ["schedules", "pause", "hourly", "--reason", "holiday"] },
  { args: ["schedules", "resume", "hourly"] },
  { args: ["schedules", "trigger", "hourly", "--overlap-policy", "allowAll"] },
  { args: ["schedules", "backfill", "hourly", "3h", "1h", "--json"], json: { id: "hourly" } },
  { args: ["schedules", "delete", "hourly"] },
  { args: ["dead-letters"], data: /No dead letters\./ },
  { args: ["dead-letters", "list", "--json"], json: { deadLetters: [], hasMore: false } },
  { args: ["dead-letters", "redrive", "--all", "--yes", "--json"], json: { ids: [], missing: [] } },
  { args: ["dead-letters", "discard", "nothing"], exitCode: 3 },
  { args: ["purge", "--prefix", "w", "--dry-run"], data: /2 instances would be deleted\./ },
  { args: ["purge", "--prefix", "w", "--yes", "--json"], json: { matched: 2, purged: 2, dryRun: false } },
  { args: ["init", "--list"], data: /^hello: [^]*saga:/m },
  { args: ["init", "project", "--template", "saga"], data: /npm run dev/ },
  { args: ["completion", "bash"], data: /complete -F _perdure_completion perdure/ },
  { args: ["completion", "fish"], data: /complete -f -c perdure/ },
  { args: ["doctor"], data: /All is well|finding/ },
  { args: ["list", "--url", "http://127.0.0.1:9"], exitCode: 5 }, // where nobody listens
  { args: ["replay", "e1.json", "--code", "typed.ts"], data: /your code fits/ },
  { args: ["help", "timers"], data: /fire \[options\] <instance> <timer>/ },
];

const ESCAPE = String.fromCharCode(27);
const COLOR = new RegExp(`${ESCAPE}\\[[0-9;?]*[A-Za-z]`, "g");

describe.each([
  ["a pseudo-terminal", "storage"],
  ["pipes", "storage"],
  ["pipes", "a server"],
])("every command, in %s, on %s", (where, place) => {
  let hub: Hub;
  let server: ManagementServer | undefined;
  let outputs: ReturnType<typeof betweenMarks>;
  const isTerminal = where === "a pseudo-terminal";

  beforeAll(async () => {
    hub = await Hub.start();
    cpSync(path.join(__dirname, "fixtures"), hub.folder, { recursive: true });
    mkdirSync(path.join(hub.folder, "node_modules"));
    symlinkSync(path.dirname(require.resolve("tsx/package.json")), path.join(hub.folder, "node_modules/tsx"));
    const script = path.join(hub.folder, "lines.json");
    writeFileSync(script, JSON.stringify(LINES.map(({ args }) => args)));
    if (place === "a server")
      server = await serveManagementApi(hub.client, { port: 0, logger: silentLogger });
    const start = isTerminal ? inTerminal : piped;
    const process = start(DRIVER, [script], hub.folder, server ? { PERDURE_URL: server.url } : {});
    const { exitCode } = await process.end;
    if (exitCode !== 0) throw new Error(`The driver ended with ${exitCode}:\n${process.text}`);
    outputs = betweenMarks(process.text);
  }, 60_000);
  afterAll(async () => {
    await server?.close();
    await hub.stop();
  });

  it.each(LINES.map((line, index) => [line.args, line, index] as const))(
    "perdure %j",
    (_args, line, index) => {
      const { text, exitCode } = outputs[index]!;
      const plain = text.replaceAll(COLOR, "");

      expect({ exitCode, plain }).toEqual({ exitCode: line.exitCode ?? 0, plain });
      if (line.data) expect(plain).toMatch(line.data);
      if (line.json && line.args[0] === "watch")
        for (const record of plain.trim().split("\n")) expect(JSON.parse(record)).toMatchObject(line.json);
      else if (line.json) expect(JSON.parse(plain)).toMatchObject(line.json);
    },
  );

  it(isTerminal ? "colours statuses" : "writes no escape", () => {
    const list = outputs[LINES.findIndex(({ args }) => args[0] === "list")]!.text;

    expect(list.includes(`${ESCAPE}[32m`)).toBe(isTerminal);
    if (!isTerminal) for (const { text } of outputs) expect(text).not.toContain(ESCAPE);
  });
});
