import { isNativeError } from "node:util/types";
import { InvalidArgumentError, durationMs, encode, optional } from "@perdure/core";
import type { Duration } from "@perdure/core";
import { DEFAULT_PREFIX } from "../contract/paths";
import { ManagementApiError } from "../management-error";
import { errorOf } from "./error-answers";
import { sseMessages } from "./sse-messages";
import type { SseMessage } from "./sse-messages";

export type Fetch = (request: Request) => Response | Promise<Response>;

export interface ManagementClientOptions {
  /** Of the server: `http://127.0.0.1:7071`. With a path, if the API is not where Durable Functions has it. */
  readonly url: string | URL;
  /** API key, sent as a bearer token. */
  readonly key?: string;
  /** Default: the global `fetch`. A Hono app's own needs no socket. */
  readonly fetch?: Fetch;
  /** How long to wait for an answer, beyond what the request itself asks the server to wait. Default: 30 s. */
  readonly timeout?: Duration;
}

/** Values of a query; `undefined` ones are left out, several values are several parameters. */
export type QueryValues = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface RequestOptions {
  readonly query?: QueryValues;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; `undefined` is no body. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** How long the server was asked to wait, in milliseconds. */
  readonly waitMs?: number;
  /** Statuses beyond 2xx that are no error. */
  readonly expected?: readonly number[];
}

/** An answer that was expected. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Sends requests to the management API and makes errors of what is not an answer. */
export class Transport {
  readonly #base: string;
  readonly #key: string | undefined;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;

  constructor({ url, key, fetch: given, timeout = "30s" }: ManagementClientOptions) {
    this.#base = baseOf(url);
    this.#key = key;
    this.#fetch = given ?? ((request) => fetch(request));
    this.#timeoutMs = durationMs(timeout, "timeout");
  }

  /** @throws ManagementApiError, the signal's reason, and what the answer tells of. */
  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> {
    const limit = AbortSignal.timeout(Math.min(this.#timeoutMs + (options.waitMs ?? 0), LONGEST_TIMEOUT_MS));
    const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
    try {
      const response = await this.send(method, path, options, signal);
      const text = await response.text();
      const isExpected = response.ok || options.expected?.includes(response.status) === true;
      if (!isExpected) throw errorOf(response.status, text);
      return { status: response.status, headers: response.headers, body: parsed(text, response.status) as T };
    } catch (error) {
      throw this.translated(error, options.signal, limit);
    }
  }

  /**
   * Messages until the server ends the stream, or the signal aborts.
   *
   * @throws ManagementApiError, the signal's reason, and what the server says has failed.
   */
  async *stream(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): AsyncGenerator<SseMessage, undefined> {
    const headers = { ...options.headers, accept: "text/event-stream" };
    const signal = options.signal ?? new AbortController().signal;
    try {
      const response = await this.send(method, path, { ...options, headers }, signal);
      if (!response.ok) throw errorOf(response.status, await response.text());
      if (!response.body) return undefined;
      for await (const message of sseMessages(response.body)) {
        if (message.event === "error") throw errorOf(response.status, message.data);
        yield message;
      }
      signal.throwIfAborted();
      return undefined;
    } catch (error) {
      throw this.translated(error, options.signal, undefined);
    }
  }

  private async send(
    method: string,
    path: string,
    { query = {}, headers = {}, body }: RequestOptions,
    signal: AbortSignal,
  ): Promise<Response> {
    const url = new URL(this.#base + path);
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue;
      for (const one of Array.isArray(value) ? (value as readonly string[]) : [String(value)])
        url.searchParams.append(name, one);
    }
    const init: RequestInit = {
      method,
      signal,
      redirect: "manual", // a key must not go elsewhere
      headers: {
        ...headers,
        ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...optional("body", encode(body, "body of the request")),
    };
    signal.throwIfAborted();
    return this.#fetch(new Request(url, init));
  }

  /** What `fetch` throws says little. */
  private translated(
    error: unknown,
    signal: AbortSignal | undefined,
    limit: AbortSignal | undefined,
  ): unknown {
    if (signal?.aborted) return signal.reason;
    if (limit?.aborted) {
      return new ManagementApiError(
        `The management API at ${this.#base} has not answered in time. What was asked may still happen: look before you repeat it.`,
        "TimedOut",
        undefined,
        error,
      );
    }
    if (!isNativeError(error) || error.name !== "TypeError") return error;
    return new ManagementApiError(
      `No management API can be reached at ${this.#base}. Is the server running, and the URL right?`,
      "Unreachable",
      undefined,
      error,
    );
  }
}

/** What timers of Node can hold. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** @throws InvalidArgumentError */
function baseOf(given: string | URL): string {
  const url = URL.canParse(String(given)) ? new URL(String(given)) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw new InvalidArgumentError(
      "The url is not one of http or https: give that of a management API, such as http://127.0.0.1:7071.",
    );
  }
  const path = url.pathname.replace(/\/+$/, "");
  return url.origin + (path === "" ? DEFAULT_PREFIX : path);
}

function parsed(text: string, status: number): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw errorOf(status, text);
  }
}
