import type { Duration, RetryPolicy } from "@perdure/core";
import type { TokenSource } from "./tokens/token-source";

/** When a request is sent again. Everything but `maxAttempts` has a default. */
export interface HttpRetryPolicy extends Omit<RetryPolicy, "filter" | "handler"> {
  /** Answers that are tried again besides failures to get one. Default, also when empty: any 4xx and 5xx. */
  readonly statusCodesToRetry?: readonly number[];
}

/** A request of an orchestration. All of it but the token enters the history. */
export interface DurableHttpRequest {
  /** Absolute, `http:` or `https:`, without user name and password. */
  readonly url: string | URL;
  /** Default: GET. */
  readonly method?: string;
  /** They enter the history: for secrets there is `tokenSource`. Several values of one name are joined by commas. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text is sent as it is, anything else as JSON. Not with GET and HEAD. */
  readonly body?: unknown;
  /** Where the worker gets a credential that is sent with the request, and never stored. */
  readonly tokenSource?: TokenSource;
  /** Whether an answer 202 with a Location is followed until the operation has ended. Default: true. */
  readonly enablePolling?: boolean;
  /** Pause before a poll when the answer has no Retry-After. Default: 30 seconds. */
  readonly pollInterval?: Duration;
  /** Longest time from the call to its answer, with polls, retries and pauses. Default: no limit. */
  readonly timeout?: Duration;
  /** Longest time for one request, its redirects and its body included: up to 5 minutes. Default: 100 seconds. */
  readonly requestTimeout?: Duration;
  /** An answer with a longer body is a failure. Up to 32 MiB. Default: 4 MiB. */
  readonly maxResponseBytes?: number;
  /** Applies to each request by itself, polls included. Default: nothing is tried again. */
  readonly retry?: HttpRetryPolicy;
}

export interface DurableHttpResponse {
  readonly statusCode: number;
  /**
   * Names are in lower case. Several values of one name are joined by `", "`, those of `set-cookie` by a line feed,
   * because they may have commas.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text. */
  readonly content: string;
}

/** One request as the activity gets it, and as it is in the history. */
export interface HttpCall {
  readonly method: string;
  readonly url: string;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly tokenSource?: TokenSource;
  readonly requestTimeoutMs: number;
  readonly maxResponseBytes: number;
  /** Answers that are failures of the activity; when empty any 4xx and 5xx. Absent: none. */
  readonly failOn?: readonly number[];
}

/** What the activity returns. */
export interface HttpAnswer extends DurableHttpResponse {
  /** Of the request that was answered: another one after redirects. Default: that of the call. */
  readonly url?: string;
  /** A redirect led to another origin, which got no credentials. */
  readonly credentialsDropped?: true;
}
