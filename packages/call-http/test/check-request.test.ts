import { InvalidArgumentError, NotSerializableError } from "@perdure/core";
import { managedIdentity, namedSecret } from "../src";
import type { DurableHttpRequest } from "../src";
import { checkRequest } from "../src/check-request";

const url = "https://api.example/orders";

describe("a request that cannot be sent is refused:", () => {
  it.each<[string, unknown, string]>([
    ["none", undefined, "The request is no object"],
    ["no url", {}, "The url is of type undefined"],
    ["a relative url", { url: "/orders" }, "give an absolute one that begins with https:// or http://"],
    ["text that is no url", { url: "http://" }, "The url is none"],
    ["an unknown scheme", { url: "ftp://api.example/x" }, "The url has the scheme 'ftp:'"],
    ["a file", { url: "file:///etc/passwd" }, "The url has the scheme 'file:'"],
    ["a password in the url", { url: "https://kim:pa55@api.example/" }, "a user name or a password"],
    ["an empty method", { url, method: "" }, "The method is ''"],
    ["a method with a space", { url, method: "GET /" }, "The method is 'GET /'"],
    ["a method with a line feed", { url, method: "GET\n" }, "The method is 'GET\\n'"],
    ["a method that is a number", { url, method: 7 }, "The method is number"],
    ["CONNECT", { url, method: "connect" }, "CONNECT, TRACE and TRACK cannot be used"],
    ["headers that are a list", { url, headers: ["a"] }, "The headers are no object"],
    ["a header name with a space", { url, headers: { "a b": "1" } }, "The header name 'a b' is not valid"],
    ["an empty header name", { url, headers: { "": "1" } }, "The header name '' is not valid"],
    ["a header with a number", { url, headers: { a: 1 } }, "The header 'a' has a value that is no text"],
    ["a header of no values", { url, headers: { a: [] } }, "The header 'a' has a value that is no text"],
    ["a header of two lines", { url, headers: { a: "x\r\nb: y" } }, "The header 'a' has a value"],
    ["a header beyond Latin-1", { url, headers: { a: "ł" } }, "The header 'a' has a value"],
    ["a header given twice", { url, headers: { A: "1", a: "2" } }, "The header 'a' is given twice"],
    ["the length", { url, headers: { "Content-Length": "1" } }, "'content-length' is set by the connection"],
    ["the host", { url, headers: { Host: "other" } }, "The header 'host' is set by the connection itself"],
    ["a body with GET", { url, body: "x" }, "A GET request has no body"],
    ["a body with HEAD", { url, method: "head", body: {} }, "A HEAD request has no body"],
    ["bytes", { url, method: "POST", body: Buffer.from("x") }, "The body is binary data or a form"],
    ["a form", { url, method: "POST", body: new FormData() }, "The body is binary data or a form"],
    ["parameters", { url, method: "POST", body: new URLSearchParams() }, "The body is binary data"],
    ["enablePolling as text", { url, enablePolling: "no" }, "enablePolling is of type string"],
    ["an interval that is none", { url, pollInterval: "often" }, "pollInterval is 'often'"],
    ["a negative timeout", { url, timeout: -1 }, "timeout is -1"],
    ["no time for a request", { url, requestTimeout: 0 }, "requestTimeout is 0 ms: give 1 ms to 5 minutes"],
    ["a request of an hour", { url, requestTimeout: "1h" }, "requestTimeout is 3600000 ms"],
    ["no bytes for an answer", { url, maxResponseBytes: 0 }, "maxResponseBytes is 0"],
    ["too many bytes", { url, maxResponseBytes: 1e9 }, "maxResponseBytes is 1000000000"],
    ["a retry that is a number", { url, retry: 3 }, "retry is no object"],
    [
      "a status that is none",
      { url, retry: { maxAttempts: 2, statusCodesToRetry: [99] } },
      "statusCodesToRetry",
    ],
    [
      "a status that is text",
      { url, retry: { maxAttempts: 2, statusCodesToRetry: ["503"] } },
      "statusCodesToRetry",
    ],
    ["a token source that is text", { url, tokenSource: "secret" }, "The tokenSource is none"],
    ["a token source without a kind", { url, tokenSource: {} }, "The tokenSource is none"],
    [
      "a token where there is one",
      { url, headers: { Authorization: "x" }, tokenSource: { kind: "k" } },
      "The header 'authorization' is given twice",
    ],
    [
      "a token in a bad header",
      { url, tokenSource: { kind: "k", header: "a b" } },
      "The header name 'a b' is not valid",
    ],
  ])("%s", (_what, request, message) => {
    const check = () => checkRequest(request as DurableHttpRequest);

    expect(check).toThrow(InvalidArgumentError);
    expect(check).toThrow(message);
  });

  it("a body that has no JSON", () => {
    expect(() => checkRequest({ url, method: "POST", body: { n: 1n } })).toThrow(NotSerializableError);
  });

  it("and no message tells a secret", () => {
    const refusals = [
      { url: "https://kim:pa55word@api.example/" },
      { url: "ftp://api.example/?code=pa55word" },
      { url, headers: { authorization: "Bearer pa55word\n" } },
      { url, headers: { authorization: "Bearer pa55word" }, tokenSource: namedSecret("pay") },
    ];

    for (const request of refusals) {
      let message = "";
      try {
        checkRequest(request);
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain("InvalidArgumentError");
      expect(message).not.toContain("pa55");
    }
  });
});

describe("a request in the form in which it is stored", () => {
  it("has defaults", () => {
    expect(checkRequest({ url })).toEqual({
      call: { method: "GET", url, headers: {}, requestTimeoutMs: 100_000, maxResponseBytes: 4_194_304 },
      enablePolling: true,
      pollIntervalMs: 30_000,
    });
  });

  it("has names in lower case, and values of one name joined", () => {
    const { call } = checkRequest({ url, method: "post", headers: { Accept: ["a/b", "c/d"], "X-A": " 1 " } });

    expect(call).toMatchObject({ method: "POST", headers: { accept: "a/b, c/d", "x-a": "1" } });
  });

  it("takes a URL, without its fragment", () => {
    expect(checkRequest({ url: new URL("HTTP://API.example:80/a b?q=ü#top") }).call.url).toBe(
      "http://api.example/a%20b?q=%C3%BC",
    );
  });

  it.each<[unknown, string | undefined, string | undefined]>([
    ["text", "text", undefined],
    ["", "", undefined],
    [{ a: [1, null] }, '{"a":[1,null]}', "application/json"],
    [null, "null", "application/json"],
    [0, "0", "application/json"],
    [undefined, undefined, undefined],
  ])("has the body %j as text", (body, text, contentType) => {
    const { call } = checkRequest({ url, method: "POST", body });

    expect(call.body).toBe(text);
    expect(call.headers["content-type"]).toBe(contentType);
  });

  it("keeps the content type that is given", () => {
    const headers = { "Content-Type": "application/merge-patch+json" };

    expect(checkRequest({ url, method: "PATCH", headers, body: {} }).call.headers).toEqual({
      "content-type": "application/merge-patch+json",
    });
  });

  it("keeps a header that is named as a property of all objects", () => {
    const headers = JSON.parse('{"__proto__":"1"}') as Record<string, string>;

    expect(Object.entries(checkRequest({ url, headers }).call.headers)).toEqual([["__proto__", "1"]]);
  });
});

describe("token sources", () => {
  it("are plain data", () => {
    expect(managedIdentity("https://vault", { clientId: "id" })).toEqual({
      kind: "AzureManagedIdentity",
      resource: "https://vault",
      clientId: "id",
    });
    expect(namedSecret("pay", { header: "x-api-key" })).toEqual({
      kind: "NamedSecret",
      name: "pay",
      header: "x-api-key",
    });
  });

  it.each<[string, () => unknown, string]>([
    ["an empty resource", () => managedIdentity(" "), "The resource of a managed identity is empty"],
    ["no resource", () => managedIdentity(undefined as never), "is of type undefined"],
    ["two ids", () => managedIdentity("r", { clientId: "a", objectId: "b" }), "has several ids"],
    ["an unknown option", () => managedIdentity("r", { tenantId: "a" } as object), "no option 'tenantId'"],
    ["a number as an id", () => managedIdentity("r", { clientId: 1 } as object), "The clientId of"],
    ["an empty name", () => namedSecret(""), "The name of a secret is empty"],
  ])("refuse %s", (_what, make, message) => {
    expect(make).toThrow(InvalidArgumentError);
    expect(make).toThrow(message);
  });
});
