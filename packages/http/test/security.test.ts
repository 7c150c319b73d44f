import type * as NodeCrypto from "node:crypto";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@perdure/client";
import { MemoryBackend } from "@perdure/backend-memory";
import { InvalidArgumentError, silentLogger } from "@perdure/core";
import type { Logger } from "@perdure/core";
import { createManagementApi, serveManagementApi } from "../src";
import type { ManagementApiOptions, ManagementServer, ServeOptions } from "../src";
import { KeyRing } from "../src/server/security/key-ring";
import type { Json } from "./support/json";

const PREFIX = "/runtime/webhooks/durabletask";
const READER = { name: "dashboard", key: "reader-key-0123456789", role: "reader" } as const;
const OPERATOR = { name: "oncall", key: "operator-key-0123456789", role: "operator" } as const;

function client(): Client {
  return new Client(new MemoryBackend());
}

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

/** Asks an API without a socket, by the name of this machine. */
function api(options: ManagementApiOptions = {}, hub = client()): Ask {
  const app = createManagementApi(hub, { logger: silentLogger, ...options });
  return async (path, init) => app.request(`http://localhost:7071${PREFIX}${path}`, init);
}

function bearer(key: string): RequestInit {
  return { headers: { authorization: `Bearer ${key}` } };
}

class Lines implements Logger {
  readonly lines: { level: string; message: string; fields: Json }[] = [];
  debug = this.of("debug");
  info = this.of("info");
  warn = this.of("warn");
  error = this.of("error");

  private of(level: string): Logger["info"] {
    return (message, fields) => void this.lines.push({ level, message, fields });
  }
}

describe("listening", () => {
  let server: ManagementServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const serve = async (options: ServeOptions): Promise<ManagementServer> =>
    (server = await serveManagementApi(client(), { port: 0, logger: silentLogger, ...options }));

  it("is on this machine alone, unless asked otherwise", async () => {
    const { url } = await serve({});
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((one) => one && !one.internal && one.family === "IPv4")?.address;

    expect(new URL(url).hostname).toBe("127.0.0.1");
    if (outside !== undefined) {
      const { port } = new URL(url);
      await expect(fetch(`http://${outside}:${port}${PREFIX}/health/live`)).rejects.toThrow();
    }
  });

  it.each(["0.0.0.0", "::", "192.168.1.5", "example.com", ""])(
    "refuses %p without keys",
    async (hostname) => {
      const refused = serve({ hostname });

      await expect(refused).rejects.toThrow(InvalidArgumentError);
      await expect(refused).rejects.toThrow("Give it keys or a verify function");
    },
  );

  it("is where one says, with keys", async () => {
    const { url } = await serve({ hostname: "0.0.0.0", keys: [READER] });

    const { port } = new URL(url);
    expect((await fetch(`http://127.0.0.1:${port}${PREFIX}/instances`)).status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${port}${PREFIX}/instances`, bearer(READER.key))).status).toBe(200);
  });

  it("reports a port in use", async () => {
    const { url } = await serve({});

    const second = serveManagementApi(client(), { port: Number(new URL(url).port), logger: silentLogger });

    await expect(second).rejects.toThrow("EADDRINUSE");
  });

  it("closes while requests wait, and answers them", async () => {
    const hub = client();
    await hub.startNew("nobody", 1, { instanceId: "a" });
    server = await serveManagementApi(hub, { port: 0, logger: silentLogger });
    const base = server.url + PREFIX;
    const waiting = fetch(`${base}/instances/a/result?timeout=1h`);
    const streaming = fetch(`${base}/changes?since=all`);
    await (await streaming).body!.getReader().read();

    await server.close();
    await server.close();

    expect((await waiting).status).toBe(202);
    await expect(fetch(`${base}/health/live`)).rejects.toThrow();
  });
});

describe("a server without keys", () => {
  const ask = api();

  it.each(["evil.example", "evil.example:7071", "127.0.0.1.evil.example", "[::2]", "10.0.0.1"])(
    "refuses requests for the host %s, to which a name may have been made to point",
    async (host) => {
      const response = await ask("/instances", { headers: { host } });

      expect(response.status).toBe(403);
      expect(((await response.json()) as Json).message).toContain("loopback");
    },
  );

  it.each(["localhost", "localhost:7071", "127.0.0.1:80", "[::1]:7071", "127.1.2.3"])(
    "answers requests for the host %s",
    async (host) => {
      expect((await ask("/instances", { headers: { host } })).status).toBe(200);
    },
  );

  it.each([
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://localhost:9999" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("refuses pages of other origins: %p", async (headers) => {
    const response = await ask("/orchestrators/echo", {
      method: "POST",
      headers: { host: "localhost:7071", ...headers },
    });

    expect(response.status).toBe(403);
  });

  it("answers pages of its own origin", async () => {
    const headers = {
      host: "localhost:7071",
      origin: "http://localhost:7071",
      "sec-fetch-site": "same-origin",
    };

    expect((await ask("/instances", { headers })).status).toBe(200);
  });

  it("never allows other origins to read", async () => {
    const response = await ask("/instances", {
      method: "OPTIONS",
      headers: { "access-control-request-method": "GET" },
    });

    expect(response.status).toBe(405);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("keys", () => {
  const ask = api({ keys: [READER, OPERATOR] });

  it.each([
    ["none", {}],
    ["a wrong one", bearer("wrong-key-0123456789")],
    ["one that only begins right", bearer(OPERATOR.key.slice(0, -1))],
    ["an empty one", { headers: { "x-functions-key": "" } }],
    ["another scheme", { headers: { authorization: `Basic ${OPERATOR.key}` } }],
  ])("refuses %s", async (_, init) => {
    const response = await ask("/instances", init);

    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await response.json()).toMatchObject({ code: "Unauthorized", Message: expect.any(String) });
  });

  it("are taken as bearer token, as x-functions-key and as code", async () => {
    const { key } = READER;

    expect((await ask("/instances", bearer(key))).status).toBe(200);
    expect((await ask("/instances", { headers: { "x-functions-key": key } })).status).toBe(200);
    expect((await ask(`/instances?code=${key}`)).status).toBe(200);
  });

  it("tell nothing of the API to those who have none", async () => {
    for (const path of ["/nothing", "/openapi.json", "/instances/a", "/schedules?bogus=1"])
      expect((await ask(path)).status).toBe(401);
    expect((await ask("/instances", { method: "PUT" })).status).toBe(401);
  });

  it("are not needed to ask for its health", async () => {
    expect((await ask("/health/live")).status).toBe(200);
    expect((await ask("/health/ready")).status).toBe(200);
  });

  it("let a reader read, and an operator do what a route does", async () => {
    const document = (await (await ask("/openapi.json", bearer(READER.key))).json()) as Json;
    const outcomes: string[] = [];

    for (const [path, methods] of Object.entries<Json>(document.paths)) {
      for (const method of Object.keys(methods)) {
        if (path.startsWith("/events") || path === "/changes" || path === "/doctor") continue;
        const filled = path.replace("{instanceId}", "@none").replace(/\{(\w+)\}/g, "1");
        const init = { method: method.toUpperCase(), ...bearer(READER.key) };
        const { status } = await ask(filled, init);
        const asOperator = (await ask(filled, { ...init, ...bearer(OPERATOR.key) })).status;
        outcomes.push(
          `${method} ${path} ${status === 403 ? "refused" : "allowed"} ${asOperator === 403 ? "refused" : "allowed"}`,
        );
      }
    }

    const mayNot = outcomes.filter((one) => one.endsWith("refused allowed"));
    expect(outcomes.filter((one) => one.endsWith("refused refused"))).toEqual([]);
    expect(outcomes.filter((one) => one.startsWith("get ") && !one.endsWith("allowed allowed"))).toEqual([]);
    expect(mayNot).toEqual(outcomes.filter((one) => !one.startsWith("get ")));
  });

  it("keep the messages of dead letters from readers", async () => {
    const refused = await ask("/dead-letters?showBody=true", bearer(READER.key));
    expect(refused.status).toBe(403);
    expect(((await refused.json()) as Json).message).toBe(
      "The key is a reader's, and the messages themselves are for operators: use an operator's.",
    );
    expect((await ask("/dead-letters?showBody=true", bearer(OPERATOR.key))).status).toBe(200);
  });

  it("keep repairs from readers, and let them look", async () => {
    expect((await ask("/doctor", { method: "POST", ...bearer(READER.key) })).status).toBe(403);
    expect((await ask("/doctor?limit=1", bearer(READER.key))).status).toBe(200);
  });

  it.each([
    [[{ ...READER, key: "short" }]],
    [[{ ...READER, key: 5 as never }]],
    [[{ ...READER, role: "admin" as never }]],
    [[READER, { ...OPERATOR, key: READER.key }]],
    [[READER, { ...OPERATOR, name: READER.name }]],
    [[]],
  ])("must be good ones: %#", (keys) => {
    expect(() => createManagementApi(client(), { keys })).toThrow(InvalidArgumentError);
    try {
      createManagementApi(client(), { keys });
    } catch (error) {
      expect(String(error)).not.toContain(READER.key);
    }
  });

  it("are all compared, whichever fits, by digests and in constant time", () => {
    const crypto = jest.requireActual<typeof NodeCrypto>("node:crypto");
    const compare = jest.spyOn(crypto, "timingSafeEqual");
    const ring = new KeyRing([READER, OPERATOR, { ...READER, name: "third", key: "third-key-0123456789" }]);

    const counts = [READER.key, OPERATOR.key, "third-key-0123456789", "", "x".repeat(10_000)].map((key) => {
      compare.mockClear();
      ring.find(key);
      expect(compare.mock.calls.every(([a, b]) => a.byteLength === 32 && b.byteLength === 32)).toBe(true);
      return compare.mock.calls.length;
    });

    expect(counts).toEqual([3, 3, 3, 3, 3]);
    compare.mockRestore();
  });
});

describe("verify", () => {
  it("says who asks", async () => {
    const ask = api({
      verify: (request) =>
        request.headers.get("x-user") === "ann" ? { name: "ann", role: "reader" } : undefined,
    });

    expect((await ask("/instances", { headers: { "x-user": "ann" } })).status).toBe(200);
    expect(
      (await ask("/instances/a/terminate", { method: "POST", headers: { "x-user": "ann" } })).status,
    ).toBe(403);
    expect((await ask("/instances")).status).toBe(401);
  });

  it("is asked only when no key fits", async () => {
    const verify = jest.fn(() => undefined);
    const ask = api({ keys: [READER], verify });

    await ask("/instances", bearer(READER.key));
    expect(verify).not.toHaveBeenCalled();
    expect((await ask("/instances")).status).toBe(401);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it("gets no body, which it could read in place of the route", async () => {
    const bodies: string[] = [];
    const ask = api({
      verify: async (request) => {
        bodies.push(`${request.method} ${request.headers.get("x-user")} ${await request.text()}`);
        return { name: "ann", role: "operator" };
      },
    });

    const started = await ask("/orchestrators/echo/a", {
      method: "POST",
      headers: { "x-user": "ann" },
      body: "7",
    });

    expect(started.status).toBe(202);
    expect(bodies).toEqual(["POST ann "]);
    expect(await (await ask("/instances/a")).json()).toMatchObject({ input: 7 });
  });

  it("lets nobody in by an answer that is none, or by failing", async () => {
    for (const verify of [
      () => ({}) as never,
      () => true as never,
      () => Promise.reject(new Error("secret database down")),
    ]) {
      const response = await api({ verify })("/instances/a/terminate", { method: "POST" });

      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(await response.text()).not.toContain("secret database");
    }
  });
});

describe("limits", () => {
  it("hold back a caller who asks too often, and no other", async () => {
    const ask = api({ keys: [READER, OPERATOR], rateLimit: { limit: 5, window: "1m" } });

    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await ask("/instances", bearer(READER.key))).status);
    const refused = await ask("/instances", bearer(READER.key));

    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: "RateLimited" });
    expect((await ask("/instances", bearer(OPERATOR.key))).status).toBe(200);
  });

  it("hold back those who guess keys, and not those who have one", async () => {
    const ask = api({ keys: [READER] });

    const statuses: number[] = [];
    for (let i = 0; i < 70; i++)
      statuses.push((await ask("/instances", bearer(`guess-number-${i}-0123456`))).status);

    expect(statuses.filter((status) => status === 401)).toHaveLength(60);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    expect((await ask("/instances", bearer(READER.key))).status).toBe(200);
  });

  it("let only so many wait", async () => {
    const hub = client();
    await hub.startNew("nobody", 1, { instanceId: "a" });
    const ask = api({ maxWaiting: 1 }, hub);

    const first = ask("/instances/a/result?timeout=300ms");
    const second = await ask("/instances/a/result?timeout=300ms");

    expect(second.status).toBe(429);
    expect((await first).status).toBe(202);
    expect((await ask("/instances/a/result?timeout=0")).status).toBe(202);
  });
});

describe("a HEAD request", () => {
  it("for a stream is answered at once, and takes no place", async () => {
    const hub = client();
    await hub.startNew("nobody", 1, { instanceId: "a" });
    const ask = api({ maxWaiting: 1 }, hub);

    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await ask("/changes", { method: "HEAD" }));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[0]!.headers.get("content-type")).toContain("text/event-stream");
    expect((await ask("/instances/a/result?timeout=0")).status).toBe(202);
  });
});

describe("requests behind a stream, on one connection", () => {
  it("give their places back when the connection closes", async () => {
    const hub = client();
    await hub.startNew("nobody", 1, { instanceId: "a" });
    const server = await serveManagementApi(hub, { port: 0, logger: silentLogger, maxWaiting: 4 });
    const get = (path: string): string => `GET ${PREFIX}${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const paths = ["/changes", "/changes", "/instances/a/result?timeout=1h", "/instances/a/changes"];
    const limit = AbortSignal.timeout(5000); // a place that is lost is no reason to look for ever
    const free = async (): Promise<boolean> =>
      (await fetch(`${server.url}${PREFIX}/instances/a/result?timeout=0`)).status === 202;

    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.write(paths.map(get).join(""));
    while (await free()) await sleep(5, undefined, { signal: limit });
    socket.destroy();
    const waits = paths.map(async () => {
      while (!(await free())) await sleep(5, undefined, { signal: limit });
      return fetch(`${server.url}${PREFIX}/instances/a/result?timeout=300ms`);
    });

    expect((await Promise.all(waits)).map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    await server.close();
  });
});

describe("a connection", () => {
  const REQUEST_TIMEOUT_MS = 400;
  let server: ManagementServer;

  beforeAll(async () => {
    server = await serveManagementApi(client(), {
      ...{ port: 0, logger: silentLogger, maxBodyBytes: 10_000, requestTimeoutMs: REQUEST_TIMEOUT_MS },
    });
  });
  afterAll(() => server.close());

  /** What comes back, and how long the server kept the connection. */
  async function talk(
    write: (send: (text: string) => void) => void,
  ): Promise<{ answer: string; ms: number }> {
    const begun = performance.now();
    return new Promise((resolve, reject) => {
      let answer = "";
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () =>
        write((text) => {
          if (socket.writable) socket.write(text);
        }),
      );
      socket.setEncoding("latin1");
      socket.on("data", (text: string) => (answer += text));
      socket.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
      });
      socket.on("close", () => {
        clearTimeout(timer);
        resolve({ answer, ms: performance.now() - begun });
      });
      const timer = setTimeout(() => socket.destroy(new Error("still open")), 10_000);
    });
  }

  it("on which headers drip in is closed", async () => {
    const drips: NodeJS.Timeout[] = [];

    const { answer, ms } = await talk((send) => {
      send(`GET ${PREFIX}/instances HTTP/1.1\r\nHost: localhost\r\n`);
      drips.push(setInterval(() => send("X-Drip: 1\r\n"), 50));
    });
    drips.forEach(clearInterval);

    expect(answer).toContain("408");
    expect(ms).toBeLessThan(REQUEST_TIMEOUT_MS * 5);
  });

  it("on which a body drips in is closed", async () => {
    const drips: NodeJS.Timeout[] = [];

    const { ms } = await talk((send) => {
      send(`POST ${PREFIX}/orchestrators/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n`);
      drips.push(setInterval(() => send("1"), 50));
    });
    drips.forEach(clearInterval);

    expect(ms).toBeLessThan(REQUEST_TIMEOUT_MS * 5);
  });

  it("with too many headers is refused", async () => {
    const { answer } = await talk((send) =>
      send(`GET ${PREFIX}/instances HTTP/1.1\r\nHost: localhost\r\nX-Large: ${"x".repeat(40_000)}\r\n\r\n`),
    );

    expect(answer).toMatch(/^HTTP\/1.1 431/);
  });

  it("that announces too large a body is refused before it is sent", async () => {
    const { answer } = await talk((send) =>
      send(
        `POST ${PREFIX}/orchestrators/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 99999999\r\n\r\n`,
      ),
    );

    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(answer).toContain("PayloadTooLarge");
  });

  it("that sends a body a little too large is not closed while it sends", async () => {
    const body = "x".repeat(15_000);

    const { answer, ms } = await talk((send) => {
      send(
        `POST ${PREFIX}/orchestrators/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 15000\r\n\r\n`,
      );
      send(body.slice(0, 100));
      setTimeout(() => send(body.slice(100)), 60);
    });

    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(ms).toBeGreaterThan(50);
  });

  it("that sends far too large a body hears that it is of no more use", async () => {
    const { answer } = await talk((send) => {
      send(
        `POST ${PREFIX}/orchestrators/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      send(`${(30_000).toString(16)}\r\n${"x".repeat(30_000)}`);
    });

    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(answer).toMatch(/connection: close/i);
  });

  it("that sends a body without an end is refused at the limit", async () => {
    const chunk = `1000\r\n${"x".repeat(4096)}\r\n`;
    const pumps: NodeJS.Timeout[] = [];
    let sent = 0;

    const { answer } = await talk((send) => {
      send(
        `POST ${PREFIX}/orchestrators/echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      pumps.push(
        setInterval(() => {
          send(chunk);
          sent += chunk.length;
        }, 5),
      );
    });
    pumps.forEach(clearInterval);

    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(sent).toBeLessThan(5_000_000);
  });

  it("that talks no HTTP is refused, and the server goes on", async () => {
    const { answer } = await talk((send) => send("\u0016\u0003\u0001 hello?\r\n\r\n"));

    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect((await fetch(`${server.url}${PREFIX}/health/live`)).status).toBe(200);
  });
});

describe("the audit", () => {
  it("has one line for each action: who, what, on what, and what came of it", async () => {
    const logger = new Lines();
    const ask = api({ keys: [READER, OPERATOR], logger });
    const post = { method: "POST", ...bearer(OPERATOR.key) };

    await ask("/orchestrators/pay/order-1?tag=a=b", { ...post, body: '{"card":"4111"}' });
    await ask("/instances/order-1/raiseEvent/go", { ...post });
    await ask("/instances/missing/terminate?reason=card-4111", post);
    await ask("/instances/order-1/terminate", { method: "POST", ...bearer(READER.key) });
    await ask("/instances/order-1/terminate", { method: "POST", ...bearer("wrong-key-0123456789") });
    await ask("/instances", bearer(READER.key));

    expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([
      ...[
        ["info", "management action"],
        ["info", "management action"],
      ],
      ...[
        ["warn", "management action"],
        ["warn", "management action"],
        ["warn", "management action"],
      ],
    ]);
    expect(logger.lines.map(({ fields }) => fields)).toEqual([
      {
        ...{ action: "start", who: "oncall", role: "operator", instanceId: "order-1", orchestration: "pay" },
        ...{ status: 202, outcome: "accepted" },
      },
      {
        ...{ action: "raise event", who: "oncall", role: "operator", instanceId: "order-1", event: "go" },
        ...{ status: 202, outcome: "accepted" },
      },
      {
        action: "terminate",
        who: "oncall",
        role: "operator",
        instanceId: "missing",
        status: 404,
        outcome: "refused",
      },
      {
        action: "terminate",
        who: "dashboard",
        role: "reader",
        instanceId: "order-1",
        status: 403,
        outcome: "refused",
      },
      { action: "terminate", who: "nobody known", instanceId: "order-1", status: 401, outcome: "refused" },
    ]);
    const text = JSON.stringify(logger.lines);
    for (const secret of ["4111", READER.key, OPERATOR.key, "wrong-key"]) expect(text).not.toContain(secret);
  });
});

describe("failures", () => {
  it("are told to the log, and to the caller by an id only", async () => {
    const logger = new Lines();
    const backend = new MemoryBackend();
    jest.spyOn(backend.instances, "get").mockRejectedValue(new Error("connection string AccountKey=abc"));
    const app = createManagementApi(new Client(backend), { logger });

    const response = await app.request(`http://localhost${PREFIX}/instances/a?code=my-secret-key`);

    expect(response.status).toBe(500);
    const body = (await response.json()) as Json;
    expect(body).toMatchObject({ code: "InternalError", errorId: expect.any(String) });
    expect(JSON.stringify(body)).not.toMatch(/AccountKey|\bat /);
    expect(logger.lines).toMatchObject([
      { level: "error", fields: { errorId: body.errorId, route: "/instances/{instanceId}" } },
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain("my-secret-key");
  });

  it("of storage are told without its own words", async () => {
    const { StorageUnavailableError, StorageAccessDeniedError } = await import("@perdure/core");
    for (const error of [
      new StorageUnavailableError("account 'secret'"),
      new StorageAccessDeniedError("account 'secret'"),
    ]) {
      const backend = new MemoryBackend();
      jest.spyOn(backend.instances, "get").mockRejectedValue(error);
      const app = createManagementApi(new Client(backend), { logger: silentLogger });

      const response = await app.request(`http://localhost${PREFIX}/instances/a`);
      const ready = await app.request(`http://localhost${PREFIX}/health/ready`);

      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("5");
      expect(await response.json()).toMatchObject({
        code: error.code,
        message: expect.not.stringContaining("secret"),
      });
      expect(ready.status).toBe(503);
      expect(await ready.json()).toEqual({ status: "notReady", checks: { storage: "failed" } });
    }
  });

  it("of a readiness check are told", async () => {
    const ask = api({ readiness: { worker: () => false, cache: () => Promise.reject(new Error("secret")) } });

    const response = await ask("/health/ready");

    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: "notReady",
      checks: { worker: "failed", cache: "failed", storage: "ok" },
    });
  });
});
