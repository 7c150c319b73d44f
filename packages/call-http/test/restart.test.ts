/** A worker process that is killed while an operation of another server goes on, in real time, on a file. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EmbeddedBackend } from "@perdure/backend-embedded";
import { Client } from "@perdure/client";
import { operation } from "./support/operation";
import { TestServer } from "./support/test-server";

const SCRIPT = path.join(__dirname, "support/poller-process.ts");
const SOURCES = path.join(__dirname, "../../../scripts/run-sources.js");

const folder = mkdtempSync(path.join(tmpdir(), "perdure-call-http-"));
const file = path.join(folder, "hub.perdure");
const processes: ChildProcess[] = [];
let server: TestServer;
let backend: EmbeddedBackend;

beforeAll(async () => {
  server = await new TestServer().start();
  backend = new EmbeddedBackend({ path: file, lockMs: 2000 });
});
afterAll(async () => {
  for (const child of processes) await kill(child);
  await backend.stop();
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function startWorker(): Promise<ChildProcess> {
  const child = fork(SCRIPT, [file], { execArgv: ["--require", SOURCES] });
  processes.push(child);
  const [message] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [unknown];
  if (message !== "ready") throw new Error(`The worker process ended with ${String(message)}.`);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Resolves with the answer to the nth request, once it is on its way. */
function answered(n: number): Promise<void> {
  return new Promise((resolve) => {
    const { respond } = server;
    server.respond = (request, response) => {
      respond(request, response);
      if (server.received.length === n) response.once("finish", resolve);
    };
  });
}

it("an operation is polled on by the next process, and is not started again", async () => {
  let isDone = false;
  server.respond = ({ method }, response) => {
    if (method === "POST") response.writeHead(202, { location: "/operations/1" }).end();
    else response.writeHead(isDone ? 200 : 202).end(isDone ? "done" : "");
  };
  const client = new Client(backend);
  const second = answered(2);
  const fourth = answered(4);
  const first = await startWorker();
  const instance = await client.startNew(operation, `${server.url}/operations`);

  await second;
  await between();
  await kill(first);
  const next = await startWorker();
  await fourth;
  await between();
  await kill(next);
  isDone = true;
  await startWorker();

  await expect(instance.result({ timeout: "20s" })).resolves.toBe("done");
  const started = server.received.filter(({ method }) => method === "POST");
  expect(started).toMatchObject([{ path: "/operations", body: '{"once":true}' }]);
  expect(
    server.received.filter(({ path: asked }) => asked === "/operations/1").length,
  ).toBeGreaterThanOrEqual(4);
  const types = (await instance.history()).map(({ type }) => type);
  expect(types.filter((type) => type === "TaskScheduled")).toHaveLength(server.received.length);

  /** The last answer is in the history, and the timer of the next poll runs. */
  async function between(): Promise<void> {
    for (;;) {
      const history = await instance.history();
      if (history.at(-1)?.type === "TimerCreated") return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
});
