import { pollOf, redirected } from "../src/follow-up";
import type { HttpAnswer, HttpCall } from "../src/request";

const HERE = "https://here.example/start";

function callOf(changes: Partial<HttpCall> = {}): HttpCall {
  return {
    method: "GET",
    url: HERE,
    headers: {},
    requestTimeoutMs: 1000,
    maxResponseBytes: 1000,
    ...changes,
  };
}

function accepted(headers: Readonly<Record<string, string>>, changes: Partial<HttpAnswer> = {}): HttpAnswer {
  return { statusCode: 202, headers, content: "", ...changes };
}

describe("the method after a redirect", () => {
  it.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "POST", "GET"],
    [307, "POST", "POST"],
    [308, "POST", "POST"],
    [301, "PUT", "PUT"],
    [302, "DELETE", "DELETE"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [302, "HEAD", "HEAD"],
    [307, "GET", "GET"],
  ])("%i of %s is %s", (statusCode, method, expected) => {
    const body = ["GET", "HEAD"].includes(method) ? {} : { body: "x" };
    const call = callOf({ method, headers: { "content-type": "text/plain", accept: "a/b" }, ...body });

    const next = redirected(call, statusCode, new URL("https://here.example/next"));

    const isKept = method === expected;
    expect(next).toMatchObject({ method: expected, url: "https://here.example/next" });
    expect(next.body).toBe(isKept ? call.body : undefined);
    expect(next.headers).toEqual(isKept ? call.headers : { accept: "a/b" });
  });
});

describe("credentials", () => {
  const credentials = {
    ...{ authorization: "1", cookie: "2", "proxy-authorization": "3", "x-functions-key": "4" },
    ...{ "x-api-key": "5", "api-key": "6", apikey: "7", "ocp-apim-subscription-key": "8" },
    ...{ "x-auth-token": "9", "private-token": "10", "x-amz-security-token": "11", "aeg-sas-key": "12" },
  };
  const others = { accept: "a/b", "idempotency-key": "i", "x-request-id": "r", "if-match": '"e"' };
  const tokenSource = { kind: "k" };
  const call = callOf({ headers: { ...credentials, ...others }, tokenSource });

  it.each([
    ["the same origin", "https://here.example/next?q=1"],
    ["the same origin with its port", "https://here.example:443/next"],
  ])("stay at %s", (_what, target) => {
    expect(redirected(call, 307, new URL(target))).toMatchObject({ headers: call.headers, tokenSource });
  });

  it.each([
    ["another host", "https://there.example/"],
    ["a host below it", "https://sub.here.example/"],
    ["another port", "https://here.example:8443/"],
    ["another scheme", "http://here.example/"],
  ])("are not sent to %s", (_what, target) => {
    const next = redirected(call, 307, new URL(target));

    expect(next.headers).toEqual(others);
    expect(next).not.toHaveProperty("tokenSource");
  });

  it("are not sent to where an operation is polled, if that is elsewhere", () => {
    const next = pollOf(call, accepted({ location: "https://there.example/status" }), false);

    expect(next?.headers).toEqual(others);
    expect(next).not.toHaveProperty("tokenSource");
  });

  it("are not sent to where a redirect has led, nor from there back", () => {
    const answer = accepted(
      { location: "https://here.example/status" },
      { url: "https://there.example/", credentialsDropped: true },
    );

    expect(pollOf(call, answer, false)).toMatchObject({
      url: "https://here.example/status",
      headers: others,
    });
    expect(pollOf(call, answer, false)).not.toHaveProperty("tokenSource");
  });
});

describe("the poll of an accepted operation", () => {
  it.each([
    ["an absolute path", "/status/1", "https://here.example/status/1"],
    ["a relative path", "status", "https://here.example/status"],
    ["a query", "?id=1", "https://here.example/start?id=1"],
    ["no scheme", "//there.example/s", "https://there.example/s"],
    ["a whole URL", "http://there.example/s#top", "http://there.example/s"],
  ])("finds its way by %s", (_what, location, expected) => {
    expect(pollOf(callOf(), accepted({ location }), false)?.url).toBe(expected);
  });

  it("starts from the URL that answered, after redirects", () => {
    const answer = accepted({ location: "status" }, { url: "https://here.example/a/b/c" });

    expect(pollOf(callOf(), answer, false)?.url).toBe("https://here.example/a/b/status");
  });

  it("is a GET without a body", () => {
    const call = callOf({ method: "POST", body: "{}", headers: { "content-type": "a/b", accept: "c/d" } });

    const poll = pollOf(call, accepted({ location: "/s" }), false);

    expect(poll).toEqual(callOf({ url: "https://here.example/s", headers: { accept: "c/d" } }));
  });

  it.each([
    ["no Location", {}],
    ["another scheme", { location: "ftp://here.example/" }],
    ["a password", { location: "https://a:b@here.example/" }],
    ["no URL", { location: "http://" }],
  ])(
    "is none when the answer has %s; a poll then repeats itself",
    (_what, headers: { location?: string }) => {
      expect(pollOf(callOf(), accepted(headers), false)).toBeUndefined();
      expect(pollOf(callOf(), accepted(headers), true)).toEqual(callOf());
    },
  );

  it("is none for any other status", () => {
    expect(pollOf(callOf(), { ...accepted({ location: "/s" }), statusCode: 200 }, true)).toBeUndefined();
  });
});
