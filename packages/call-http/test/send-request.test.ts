/** The activity, against servers on this machine. */
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { InvalidArgumentError, VirtualClock, silentLogger } from "@perdure/core";
import type { ActivityContext } from "@perdure/core";
import { HTTP_ACTIVITY, httpCode } from "../src";
import type { HttpOptions } from "../src";
import type { HttpAnswer, HttpCall } from "../src/request";
import { TestServer } from "./support/test-server";
import type { Responder } from "./support/test-server";

const clock = new VirtualClock();
let here: TestServer;
let there: TestServer;

beforeAll(async () => {
  here = await new TestServer().start();
  there = await new TestServer().start();
});
afterAll(() => Promise.all([here.stop(), there.stop()]));
beforeEach(() => {
  for (const server of [here, there]) {
    server.received.length = 0;
    server.respond = (_request, response) => response.end();
  }
});

interface Sending extends Partial<HttpCall> {
  readonly options?: HttpOptions;
  readonly signal?: AbortSignal;
}

function send({
  options = {},
  signal = new AbortController().signal,
  ...call
}: Sending = {}): Promise<HttpAnswer> {
  const [activity] = httpCode(options, clock).activities;
  const ctx: ActivityContext = {
    ...{ name: HTTP_ACTIVITY, instanceId: "i", executionId: "e", orchestrationName: "o" },
    ...{ attempt: 1, idempotencyKey: "k", signal, log: silentLogger },
  };
  const defaults = { method: "GET", url: `${here.url}/start`, headers: {}, requestTimeoutMs: 1000 };
  return activity!.handler(ctx, { ...defaults, maxResponseBytes: 100_000, ...call }) as Promise<HttpAnswer>;
}

function redirect(status: number, location: string): Responder {
  return (_request, response) => response.writeHead(status, { location }).end();
}

describe("a request", () => {
  it("has method, headers and body as given", async () => {
    await send({ method: "PATCH", headers: { "content-type": "a/b", "x-a": "é" }, body: "žluť" });

    expect(here.received).toMatchObject([
      { method: "PATCH", path: "/start", headers: { "content-type": "a/b", "x-a": "é" }, body: "žluť" },
    ]);
  });

  it("can be sent by another fetch", async () => {
    const fetch = jest.fn(async () => new Response("by hand", { status: 201 }));

    await expect(send({ options: { fetch } })).resolves.toMatchObject({
      statusCode: 201,
      content: "by hand",
    });
    expect(fetch).toHaveBeenCalledWith(`${here.url}/start`, expect.objectContaining({ redirect: "manual" }));
    expect(here.received).toEqual([]);
  });

  it("refuses another fetch that is no function", () => {
    expect(() => httpCode({ fetch: "curl" as never }, clock)).toThrow(InvalidArgumentError);
  });
});

describe("an answer", () => {
  it("has status, headers in lower case, and text", async () => {
    here.respond = (_request, response) => response.writeHead(404, { "X-Why": "gone" }).end("nicht da");

    await expect(send()).resolves.toMatchObject({
      statusCode: 404,
      headers: { "x-why": "gone" },
      content: "nicht da",
    });
  });

  it("joins headers that come twice, cookies by a line feed", async () => {
    here.respond = (_request, response) =>
      response
        .writeHead(200, [
          ...["x-a", "1", "X-A", "2"],
          ...["set-cookie", "a=1; Expires=Fri, 21 Nov 2025 10:00:00 GMT", "Set-Cookie", "b=2"],
        ])
        .end();

    const { headers } = await send();

    expect(headers["x-a"]).toBe("1, 2");
    expect(headers["set-cookie"]?.split("\n")).toEqual(["a=1; Expires=Fri, 21 Nov 2025 10:00:00 GMT", "b=2"]);
  });

  it("is unpacked", async () => {
    here.respond = (_request, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("packed"));

    await expect(send()).resolves.toMatchObject({ content: "packed" });
  });

  it.each([
    ["its charset", "text/plain; charset=ISO-8859-1", Buffer.from("é", "latin1"), "é"],
    ["a quoted charset", 'text/plain; charset="utf-16le"', Buffer.from("é", "utf16le"), "é"],
    ["UTF-8 without one", "text/plain", Buffer.from("é"), "é"],
    ["UTF-8 for one that nobody knows", "text/plain; charset=klingon", Buffer.from("é"), "é"],
    ["UTF-8 and without its mark", "application/json", Buffer.from("\ufeff{}"), "{}"],
  ])("is read by %s", async (_what, type, bytes, content) => {
    here.respond = (_request, response) => response.writeHead(200, { "content-type": type }).end(bytes);

    await expect(send()).resolves.toMatchObject({ content });
  });

  it("has characters that come in pieces", async () => {
    here.respond = (_request, response) => {
      const bytes = Buffer.from("€uro");
      response.write(bytes.subarray(0, 1));
      setImmediate(() => response.end(bytes.subarray(1)));
    };

    await expect(send()).resolves.toMatchObject({ content: "€uro" });
  });

  it.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])("to %s with %i has no content", async (method, status) => {
    here.respond = (_request, response) => response.writeHead(status).end();

    await expect(send({ method })).resolves.toMatchObject({ statusCode: status, content: "" });
  });

  it("of 100,000 bytes is no failure where that many are allowed", async () => {
    here.respond = (_request, response) => response.end("x".repeat(100_000));

    const { content } = await send();

    expect(content).toHaveLength(100_000);
  });

  it.each([
    ["is longer than allowed", (text: string) => text, {}],
    ["is longer once it is unpacked", (text: string) => gzipSync(text), { "content-encoding": "gzip" }],
  ])("that %s is a failure, and is not read to its end", async (_what, pack, headers) => {
    here.respond = (_request, response) => response.writeHead(200, headers).end(pack("x".repeat(100_001)));

    await expect(send()).rejects.toMatchObject({
      name: "HttpResponseTooLarge",
      isNonRetriable: true,
      message: expect.stringMatching(/^GET http:.*\/start answered with more than the 100000 bytes/),
    });
  });

  it.each<[string, readonly number[] | undefined, number, boolean]>([
    ["5xx when any failure is one", [], 503, true],
    ["4xx when any failure is one", [], 400, true],
    ["2xx when any failure is one", [], 202, false],
    ["one of the list", [202, 500], 202, true],
    ["one not in the list", [202, 500], 503, false],
    ["5xx when none is", undefined, 500, false],
  ])("of %s", async (_what, failOn, status, isFailure) => {
    here.respond = (_request, response) => response.writeHead(status).end("text");
    const sending = send(failOn ? { failOn } : {});

    if (isFailure) {
      await expect(sending).rejects.toMatchObject({
        name: "HttpStatus",
        message: `GET ${here.url}/start answered ${status}.`,
        data: { statusCode: status, content: "text" },
      });
    } else await expect(sending).resolves.toMatchObject({ statusCode: status });
  });
});

describe("no answer", () => {
  it("from a port where nobody listens is a failure that says so", async () => {
    const gone = await new TestServer().start();
    const { url } = gone;
    await gone.stop();

    await expect(send({ url: `${url}/start?code=pa55`, method: "DELETE" })).rejects.toMatchObject({
      name: "HttpRequestFailed",
      isNonRetriable: false,
      message: `DELETE ${url}/start was not answered: connect ECONNREFUSED ${url.slice("http://".length)}.`,
    });
  });

  it("from a host that has no address is a failure", async () => {
    await expect(send({ url: "http://no-such-host.invalid/" })).rejects.toMatchObject({
      name: "HttpRequestFailed",
      message: expect.stringMatching(/^GET http:\/\/no-such-host.invalid\/ was not answered: getaddrinfo E/),
    });
  });

  it.each<[string, Responder]>([
    ["before the answer", (_request, response) => response.destroy()],
    [
      "in the middle of it",
      (_request, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("half", () => response.destroy());
      },
    ],
  ])("because the connection broke %s is a failure", async (_what, respond) => {
    here.respond = respond;

    await expect(send()).rejects.toMatchObject({ name: "HttpRequestFailed", isNonRetriable: false });
  });

  it.each<[string, Responder]>([
    ["to begin", () => undefined],
    ["to end", (_request, response) => response.writeHead(200).write("half")],
  ])("because it takes too long %s is a failure", async (_what, respond) => {
    const asked = new Promise<void>((resolve) => {
      here.respond = (request, response) => {
        respond(request, response);
        setImmediate(resolve);
      };
    });

    const sending = send({ requestTimeoutMs: 5000 });
    await asked;
    clock.wakeNext();

    await expect(sending).rejects.toMatchObject({
      name: "HttpRequestFailed",
      message: `GET ${here.url}/start was not answered within 5000 ms.`,
    });
  });

  it("is wanted once the activity's signal aborts: the connection is closed", async () => {
    const unwanted = new AbortController();
    const reason = new Error("terminated");
    const closed = new Promise<void>((resolve) => {
      here.respond = (_request, response) => {
        response.once("close", resolve);
        unwanted.abort(reason);
      };
    });

    await expect(send({ signal: unwanted.signal })).rejects.toBe(reason);
    await closed;
  });

  it("is asked for when the signal has aborted before", async () => {
    const reason = new Error("terminated");

    await expect(send({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(here.received).toEqual([]);
  });

  it("leaves no sleeper behind, and neither does an answer", async () => {
    await send();
    await send({ url: "http://no-such-host.invalid/" }).catch(() => undefined);

    expect(clock.nextDue).toBeUndefined();
  });
});

describe("redirects", () => {
  it.each([301, 302, 303])("%i make a POST a GET without a body", async (status) => {
    here.respond = redirect(status, `${there.url}/next`);

    await send({ method: "POST", headers: { "content-type": "a/b" }, body: "once" });

    expect(there.received).toMatchObject([{ method: "GET", path: "/next", body: "" }]);
    expect(there.received[0]?.headers).not.toHaveProperty("content-type");
  });

  it.each([307, 308])("%i keep method and body", async (status) => {
    here.respond = redirect(status, `${there.url}/next`);

    await send({ method: "POST", headers: { "content-type": "a/b" }, body: "twice" });

    expect(there.received).toMatchObject([
      { method: "POST", path: "/next", body: "twice", headers: { "content-type": "a/b" } },
    ]);
  });

  it("go by relative Locations, each from where it was", async () => {
    here.respond = ({ path }, response) => {
      if (path === "/start") redirect(302, "/a/b")({} as never, response);
      else if (path === "/a/b") redirect(302, "c?d")({} as never, response);
      else response.end("here");
    };

    await expect(send()).resolves.toMatchObject({ content: "here", url: `${here.url}/a/c?d` });
  });

  it("without a Location are answers, and so are other 3xx", async () => {
    for (const [status, headers] of [
      [302, {}],
      [300, { location: "/next" }],
      [304, { location: "/next" }],
    ] as const) {
      here.respond = (_request, response) => response.writeHead(status, headers).end();
      await expect(send()).resolves.toMatchObject({ statusCode: status });
    }
  });

  it("are followed ten times", async () => {
    here.respond = ({ path }, response) => {
      const n = Number(path.slice(1)) || 0;
      if (n < 10) redirect(302, `/${n + 1}`)({} as never, response);
      else response.end("arrived");
    };

    await expect(send()).resolves.toMatchObject({ content: "arrived" });
  });

  it("are not followed more than ten times", async () => {
    here.respond = redirect(302, "/start");

    await expect(send()).rejects.toMatchObject({ name: "HttpRedirectRefused", isNonRetriable: true });
    expect(here.received).toHaveLength(11);
  });

  it.each(["ftp://127.0.0.1/", "http://", "http://kim:pa55@127.0.0.1/"])(
    "to %s are refused",
    async (location) => {
      here.respond = redirect(302, location);

      await expect(send()).rejects.toMatchObject({
        name: "HttpRedirectRefused",
        message: expect.not.stringContaining("pa55"),
      });
    },
  );
});

describe("credentials", () => {
  const headers = {
    ...{
      authorization: "Basic 1",
      cookie: "2",
      "x-functions-key": "3",
      "x-api-key": "4",
      "x-pat": "5",
      accept: "a/b",
    },
  };
  const options: HttpOptions = { secrets: { pay: "s3cret" } };
  const tokenSource = { kind: "NamedSecret", name: "pay", header: "x-pay" };
  const sent = {
    authorization: "Basic 1",
    cookie: "2",
    "x-functions-key": "3",
    "x-api-key": "4",
    "x-pat": "5",
    "x-pay": "s3cret",
  };

  it("follow a redirect within their origin", async () => {
    here.respond = ({ path }, response) =>
      path === "/start" ? redirect(307, "/next")({} as never, response) : response.end();

    await expect(send({ headers, tokenSource, options })).resolves.not.toHaveProperty("credentialsDropped");

    expect(here.received.map((request) => request.headers)).toMatchObject([sent, sent]);
  });

  it.each([301, 302, 303, 307, 308])("do not follow a %i to another origin", async (status) => {
    here.respond = redirect(status, `${there.url}/next`);

    await expect(send({ headers, tokenSource, options })).resolves.toMatchObject({
      credentialsDropped: true,
    });

    expect(here.received).toMatchObject([{ headers: sent }]);
    for (const name of Object.keys(sent)) expect(there.received[0]?.headers).not.toHaveProperty(name);
    expect(there.received[0]?.headers).toMatchObject({ accept: "a/b" });
  });

  it("do not come back from there", async () => {
    here.respond = ({ path }, response) =>
      path === "/start" ? redirect(307, `${there.url}/next`)({} as never, response) : response.end();
    there.respond = redirect(307, `${here.url}/back`);

    await expect(send({ headers, tokenSource, options })).resolves.toMatchObject({
      credentialsDropped: true,
    });

    const back = here.received.find(({ path }) => path === "/back");
    for (const name of Object.keys(sent)) expect(back?.headers).not.toHaveProperty(name);
  });

  it("are blotted out of an answer that has them", async () => {
    here.respond = (_request, response) =>
      response
        .writeHead(200, { "x-echo": "you sent s3cret", "set-cookie": ["s3cret=1", "b=s3cret"] })
        .end("s3cret and s3cret");

    const answer = await send({ tokenSource, options });

    expect(JSON.stringify(answer)).not.toContain("s3cret");
    expect(answer).toMatchObject({ content: "*** and ***", headers: { "x-echo": "you sent ***" } });
  });

  it("are blotted out of an answer in JSON", async () => {
    const quoted: HttpOptions = { secrets: { pay: 'a"b\\c' } };
    here.respond = ({ headers: received }, response) => response.end(JSON.stringify(received));

    const { content } = await send({ tokenSource, options: quoted });

    expect(here.received[0]?.headers).toMatchObject({ "x-pay": 'a"b\\c' });
    expect(JSON.parse(content)).toMatchObject({ "x-pay": "***" });
  });

  it.each([["s3cret"], ["s3c+ret/="]])(
    "are blotted out of what is said when there is no answer: %s",
    async (secret) => {
      here.respond = ({ path }, response) =>
        path === "/start"
          ? redirect(302, `/died/${encodeURIComponent(secret)}`)({} as never, response)
          : response.destroy();

      const failure: unknown = await send({ tokenSource, options: { secrets: { pay: secret } } }).catch(
        (error: unknown) => error,
      );

      expect(failure).toMatchObject({ name: "HttpRequestFailed" });
      expect((failure as Error).message).toMatch(/\/died\/\*\*\* was not answered: /);
      expect(inspect(failure, { depth: 10 })).not.toContain("s3c");
    },
  );

  it("are waited for no longer than the request may take", async () => {
    const never: HttpOptions = { tokenProviders: { slow: () => new Promise(() => undefined) } };

    const sending = send({ tokenSource: { kind: "slow" }, options: never });
    clock.wakeNext();

    await expect(sending).rejects.toMatchObject({ name: "HttpRequestFailed" });
    expect(here.received).toEqual([]);
  });
});
