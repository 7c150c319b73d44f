/** What is on the disk and in the log once requests with tokens have gone every way they can go. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { EmbeddedBackend } from "@perdure/backend-embedded";
import { Client } from "@perdure/client";
import { defineOrchestration, systemClock } from "@perdure/core";
import type { FailureDetails, Logger } from "@perdure/core";
import { Worker } from "@perdure/worker";
import { callHttp, managedIdentity, namedSecret } from "../src";
import type { DurableHttpRequest } from "../src";
import { ManagedIdentities } from "../src/tokens/managed-identities";
import type { ManagedIdentitySource } from "../src/tokens/token-source";
import { TestServer } from "./support/test-server";
import type { Responder } from "./support/test-server";

const TOKEN = "eyJhbGciOi-t0ken-of-the-machine";
const SECRET = 'pay-s3cret-"quoted"';
const BROKEN = "line1-s3cret\nline2-s3cret";
const HEADER = "identity-s3cret-header";
const VISIBLE = "this-may-be-seen";

const send = defineOrchestration("send", function* (ctx, request: DurableHttpRequest) {
  return yield* callHttp(ctx, request);
});

const folder = mkdtempSync(path.join(tmpdir(), "perdure-secrecy-"));
const file = path.join(folder, "hub.perdure");
const log: string[] = [];
let server: TestServer;
let other: TestServer;
let backend: EmbeddedBackend;
let worker: Worker;

beforeAll(async () => {
  server = await new TestServer().start();
  other = await new TestServer().start();
  server.respond = answer;
  other.respond = ({ headers }, response) => response.end(JSON.stringify(headers));
  const note = (message: string, fields?: object): void =>
    void log.push(`${message} ${inspect(fields, { depth: 10 })}`);
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const environment = { IDENTITY_ENDPOINT: `${server.url}/identity`, IDENTITY_HEADER: HEADER };
  const identities = new ManagedIdentities({ clock: systemClock, environment });
  backend = new EmbeddedBackend({ path: file, logger });
  worker = new Worker(backend, {
    orchestrations: [send],
    logger,
    http: {
      secrets: { pay: SECRET, broken: BROKEN },
      tokenProviders: {
        AzureManagedIdentity: (source) => identities.token(source as ManagedIdentitySource),
      },
    },
  });
  await worker.start();
});
afterAll(async () => {
  await worker.stop();
  await Promise.all([server.stop(), other.stop()]);
  rmSync(folder, { recursive: true });
});

/** All but the identity endpoint send back what they got. */
const answer: Responder = ({ path: asked, headers }, response) => {
  const echo = JSON.stringify(headers);
  if (asked.startsWith("/identity")) response.end(JSON.stringify({ access_token: TOKEN, expires_in: 3600 }));
  else if (asked === "/echo") response.setHeader("x-echo", String(headers.authorization)).end(echo);
  else if (asked === "/fails") response.writeHead(503).end(echo);
  else if (asked === "/breaks" || asked.startsWith("/told")) response.destroy();
  else if (asked === "/tells")
    response.writeHead(302, { location: `/told/${encodeURIComponent(echo)}` }).end();
  else if (asked === "/long") response.end(echo.padEnd(5000));
  else if (asked === "/away") response.writeHead(307, { location: `${other.url}/` }).end();
  else if (asked === "/loop") response.writeHead(307, { location: "/loop" }).end();
  else if (asked === "/started") response.writeHead(202, { location: "/echo", "retry-after": "0" }).end(echo);
  else response.writeHead(404).end();
};

it("a token is in the requests, and nowhere else", async () => {
  const client = new Client(backend);
  for (const tokenSource of [
    managedIdentity("https://pay.example"),
    namedSecret("pay"),
    namedSecret("pay", { header: "x-pay" }),
    namedSecret("broken"),
  ]) {
    for (const asked of ["/echo", "/fails", "/breaks", "/tells", "/long", "/away", "/loop", "/started"]) {
      const instance = await client.startNew(send, {
        ...{ url: `${server.url}${asked}`, tokenSource, maxResponseBytes: 4000 },
        ...{ retry: { maxAttempts: 2, firstRetryInterval: 1 }, headers: { "x-marker": VISIBLE } },
      });
      await instance.waitForCompletion({ timeout: "20s" });
    }
  }

  const { snapshots, failures } = await everything(client);
  await worker.stop();

  const sent = server.received.map(({ headers }) => JSON.stringify(headers)).join("\n");
  for (const secret of [`Bearer ${TOKEN}`, JSON.stringify(SECRET).slice(1, -1), HEADER])
    expect(sent).toContain(secret);
  expect(failures.map(({ errorType }) => errorType)).toEqual(
    expect.arrayContaining([
      ...["HttpRequestFailed", "HttpResponseTooLarge", "HttpRedirectRefused", "HttpTokenFailed"],
    ]),
  );
  const disk = readFileSync(file, "latin1");
  const told = `${inspect(snapshots, { depth: 20, maxArrayLength: null, maxStringLength: null })}\n${log.join("\n")}`;
  const gone = JSON.stringify(other.received);
  for (const text of [disk, told, gone]) {
    expect(text.includes(VISIBLE)).toBe(true); // so it could be found
    expect(text.includes("t0ken")).toBe(false);
    expect(text.includes("s3cret")).toBe(false);
  }
});

/** All that a client can see. */
async function everything(
  client: Client,
): Promise<{ readonly snapshots: readonly unknown[]; readonly failures: readonly FailureDetails[] }> {
  const snapshots: unknown[] = [];
  const failures: FailureDetails[] = [];
  for await (const { instanceId } of client.list()) {
    const snapshot = await client.get(instanceId);
    if (snapshot?.failure) failures.push(snapshot.failure);
    snapshots.push(snapshot, await client.instance(instanceId).history());
  }
  return { snapshots, failures };
}
