/** What a user asks for, checked where it is asked, and brought into the form in which it is stored. */
import { InvalidArgumentError, durationMs, encode, optional } from "@perdure/core";
import { addressOf, isFollowable } from "./address";
import type { DurableHttpRequest, HttpCall, HttpRetryPolicy } from "./request";
import type { TokenSource } from "./tokens/token-source";

/** How a call goes on after its first request. */
export interface HttpPlan {
  readonly call: HttpCall;
  readonly enablePolling: boolean;
  readonly pollIntervalMs: number;
  readonly timeoutMs?: number;
  readonly retry?: HttpRetryPolicy;
}

/** Node's `fetch` gives up by itself when a server is silent for that long. */
const MAX_REQUEST_MS = 300_000;
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
const DEFAULT_RESPONSE_BYTES = 4 * 1024 * 1024;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const FORBIDDEN_METHODS = ["CONNECT", "TRACE", "TRACK"];
/** They belong to the connection, or follow from the body and the URL. */
const FORBIDDEN_HEADERS = [
  ...["connection", "content-length", "expect", "host", "keep-alive", "proxy-connection"],
  ...["te", "trailer", "transfer-encoding", "upgrade"],
];

/** @throws InvalidArgumentError, NotSerializableError, PayloadTooLargeError */
export function checkRequest(request: DurableHttpRequest): HttpPlan {
  if (typeof (request as unknown) !== "object" || (request as unknown) === null) {
    throw new InvalidArgumentError("The request is no object: give one with a url.");
  }
  const { enablePolling = true, pollInterval = "30s", timeout, retry } = request;
  if (typeof enablePolling !== "boolean") {
    throw new InvalidArgumentError(
      `enablePolling is of type ${typeof enablePolling}: give true or false, or leave it out.`,
    );
  }
  return {
    call: { ...checkCall(request), ...optional("failOn", failuresOf(retry)) },
    enablePolling,
    pollIntervalMs: durationMs(pollInterval, "pollInterval"),
    ...optional("timeoutMs", timeout === undefined ? undefined : durationMs(timeout, "timeout")),
    ...optional("retry", retry),
  };
}

function checkCall(request: DurableHttpRequest): HttpCall {
  const method = checkMethod(request.method ?? "GET");
  const headers = checkHeaders(request.headers ?? {});
  const { tokenSource } = request;
  if (tokenSource !== undefined) checkTokenSource(tokenSource, headers);
  const body = bodyText(request.body, method);
  const isJson = body !== undefined && typeof request.body !== "string";
  return {
    method,
    url: checkUrl(request.url),
    headers: isJson ? { "content-type": "application/json", ...headers } : headers,
    ...optional("body", body),
    ...optional("tokenSource", tokenSource),
    requestTimeoutMs: checkRequestTimeout(request.requestTimeout ?? "100s"),
    maxResponseBytes: checkMaxBytes(request.maxResponseBytes ?? DEFAULT_RESPONSE_BYTES),
  };
}

function checkMethod(method: unknown): string {
  const name = typeof method === "string" ? method.toUpperCase() : "";
  if (TOKEN.test(name) && !FORBIDDEN_METHODS.includes(name)) return name;
  const found = typeof method === "string" ? `'${printable(method)}'` : typeof method;
  throw new InvalidArgumentError(
    `The method is ${found}: give one such as GET or POST; CONNECT, TRACE and TRACK cannot be used.`,
  );
}

/** What it has in its query may be secret: it is not told. */
function checkUrl(given: unknown): string {
  if (typeof given !== "string" && !(given instanceof URL)) {
    throw new InvalidArgumentError(`The url is of type ${typeof given}: give a string or a URL.`);
  }
  const url = addressOf(String(given));
  if (!url) {
    throw new InvalidArgumentError(
      "The url is none: give an absolute one that begins with https:// or http://.",
    );
  }
  if (!/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError(`The url has the scheme '${url.protocol}': give one of https: or http:.`);
  }
  if (!isFollowable(url)) {
    throw new InvalidArgumentError(
      "The url has a user name or a password, which would be stored: leave them out, and give a tokenSource.",
    );
  }
  return url.href;
}

/** Values are not told in errors: they may be secret. */
function checkHeaders(headers: unknown): Readonly<Record<string, string>> {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    throw new InvalidArgumentError("The headers are no object: give one with a string for each name.");
  }
  const checked = new Map<string, string>();
  for (const [given, value] of Object.entries(headers)) {
    const name = checkHeaderName(given);
    if (checked.has(name)) {
      throw new InvalidArgumentError(
        `The header '${name}' is given twice, in different case: give it once, with a list of values.`,
      );
    }
    checked.set(name, headerText(name, value));
  }
  return Object.fromEntries(checked);
}

function checkHeaderName(given: string): string {
  const name = given.toLowerCase();
  if (!TOKEN.test(name)) {
    throw new InvalidArgumentError(
      `The header name '${printable(given)}' is not valid: use letters, digits and hyphens.`,
    );
  }
  if (!FORBIDDEN_HEADERS.includes(name)) return name;
  throw new InvalidArgumentError(`The header '${name}' is set by the connection itself: leave it out.`);
}

function headerText(name: string, value: unknown): string {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isText = (item: unknown): item is string =>
    typeof item === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(item);
  if (values.length > 0 && values.every(isText)) return values.join(", ").trim();
  throw new InvalidArgumentError(
    `The header '${name}' has a value that is no text of one line in Latin-1: give a string, or a list of strings.`,
  );
}

function checkTokenSource(source: unknown, headers: Readonly<Record<string, string>>): void {
  const { kind, header = "authorization" } = Object(source) as Partial<TokenSource>;
  if (typeof kind !== "string" || kind === "" || typeof header !== "string") {
    throw new InvalidArgumentError(
      "The tokenSource is none: give what managedIdentity or namedSecret returns, or an object with a kind.",
    );
  }
  if (!(checkHeaderName(header) in headers)) return;
  throw new InvalidArgumentError(
    `The header '${header}' is given twice, by headers and by the tokenSource: leave one out.`,
  );
}

function bodyText(body: unknown, method: string): string | undefined {
  if (body === undefined) return undefined;
  if (method === "GET" || method === "HEAD") {
    throw new InvalidArgumentError(`A ${method} request has no body: leave it out, or use POST.`);
  }
  if (typeof body === "string") return body;
  if (isBinary(body)) {
    throw new InvalidArgumentError(
      "The body is binary data or a form, which is not stored: give text or plain data, or send it in an activity.",
    );
  }
  return encode(body, "body of an HTTP request");
}

function isBinary(body: unknown): boolean {
  if (ArrayBuffer.isView(body)) return true;
  return [ArrayBuffer, Blob, FormData, URLSearchParams, ReadableStream].some((type) => body instanceof type);
}

function checkRequestTimeout(given: string | number): number {
  const ms = durationMs(given, "requestTimeout");
  if (ms >= 1 && ms <= MAX_REQUEST_MS) return ms;
  throw new InvalidArgumentError(
    `requestTimeout is ${ms} ms: give 1 ms to 5 minutes. What takes longer should answer 202 and be polled.`,
  );
}

function checkMaxBytes(given: number): number {
  if (Number.isInteger(given) && given >= 1 && given <= MAX_RESPONSE_BYTES) return given;
  throw new InvalidArgumentError(
    `maxResponseBytes is ${given}: give a whole number from 1 to ${MAX_RESPONSE_BYTES}. Fetch more in an activity, and keep it elsewhere.`,
  );
}

function failuresOf(retry: HttpRetryPolicy | undefined): readonly number[] | undefined {
  if (retry === undefined) return undefined;
  if (typeof (retry as unknown) !== "object" || (retry as unknown) === null) {
    throw new InvalidArgumentError("retry is no object: give one with maxAttempts.");
  }
  const { statusCodesToRetry: codes = [] } = retry;
  const isStatus = (code: unknown): boolean =>
    Number.isInteger(code) && Number(code) >= 100 && Number(code) <= 599;
  if (Array.isArray(codes) && codes.every(isStatus)) return [...(codes as readonly number[])];
  throw new InvalidArgumentError(
    "retry.statusCodesToRetry is no list of status codes: give numbers from 100 to 599.",
  );
}

function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1).slice(0, 40);
}
