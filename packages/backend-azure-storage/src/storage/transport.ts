/**
 * What all requests of one connection share: sockets, the limit on requests in flight, deadlines, and the hook that
 * counts requests. It ends the SDK's pipelines in place of the policies that this package does without.
 *
 * - T1 Every try passes `send` exactly once: what is counted is what storage bills.
 * - T2 A try ends within its time, the answer's body included.
 * - T3 After `close` resolves no socket of this connection is open, until it is used again.
 * - T4 The date of every answer is told to the keeper of time, and requests are signed as of the time that it knows:
 *   the services refuse what is dated a quarter of an hour off.
 */
import { setMaxListeners } from "node:events";
import http from "node:http";
import https from "node:https";
import { setImmediate } from "node:timers/promises";
import {
  type HttpHeaders,
  type Pipeline,
  type PipelinePolicy,
  type PipelineRequest,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import { type Clock, StorageUnavailableError } from "@perdure/core";
import type { Endpoint } from "./connection";
import { sendHttp } from "./http";
import { retryPolicy } from "./retry-policy";
import { Semaphore } from "./semaphore";
import type { TimeKeeper } from "./storage";
import { type StorageRequest, type StorageServiceName, describeRequest } from "./storage-request";

export interface TransportOptions {
  readonly clock: Clock;
  readonly maxConcurrentRequests: number;
  readonly requestTimeoutMs: number;
  readonly onRequest: ((request: StorageRequest) => void) | undefined;
}

/** A response with its body as it came, too. */
export type BufferedResponse = PipelineResponse & { readonly bytes?: Buffer };

/**
 * Policies of the SDK that cost time for nothing here: multipart and form bodies, compression, redirects and browsers
 * do not occur; retries and the user agent are ours; logging and tracing cost more than they tell. Proxies work as ever.
 */
const UNUSED_POLICIES = [
  "decompressResponsePolicy",
  "defaultRetryPolicy",
  "formDataPolicy",
  "logPolicy",
  "multipartPolicy",
  "redirectPolicy",
  "setClientRequestIdPolicy",
  "storageBrowserPolicy",
  "StorageCorrectContentLengthPolicy",
  "storageRequestFailureDetailsParserPolicy",
  "storageRetryPolicy",
  "tracingPolicy",
  "userAgentPolicy",
  "wrapAbortSignalLikePolicy",
];

/** A free socket is closed after this time without use: before the service or a gateway does it unseen. */
const IDLE_SOCKET_MS = 60_000;

/** T4: a request dated as far off as that is dated anew. */
const FAR_OFF_MS = 60_000;

/** Versions of the services' interfaces that every emulator and every cloud of the last years knows. */
const API_VERSIONS: Readonly<Record<StorageServiceName, string>> = {
  blob: "2021-12-02",
  queue: "2021-12-02",
  table: "2019-02-02",
};

export class Transport {
  readonly #options: TransportOptions;
  readonly #slots: Semaphore;
  readonly #httpAgent = new http.Agent({ keepAlive: true, timeout: IDLE_SOCKET_MS });
  readonly #httpsAgent = new https.Agent({ keepAlive: true, timeout: IDLE_SOCKET_MS });
  #closing = newClosing();
  #keeper: TimeKeeper | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.maxConcurrentRequests);
  }

  /**
   * Ends a client's pipeline in this transport.
   *
   * @param table The table that the pipeline is for; empty for queues and blobs, whose addresses name them.
   * @param urgent Whether its requests pass the limit on requests in flight.
   */
  attach(
    pipeline: Pipeline,
    service: StorageServiceName,
    endpoint: Endpoint,
    { table, urgent } = { table: "", urgent: false },
  ): void {
    for (const name of UNUSED_POLICIES) pipeline.removePolicy({ name });
    pipeline.addPolicy(headersPolicy(API_VERSIONS[service]));
    pipeline.addPolicy(
      datePolicy(() => this.#keeper?.serviceTime()),
      { beforePolicies: ["tablesNamedKeyCredentialPolicy"] }, // the others sign in a later phase
    );
    pipeline.addPolicy(
      retryPolicy(this.#options.clock, () => this.#closing.signal),
      { phase: "Retry" },
    );
    const pathStart = new URL(endpoint.url).pathname.replace(/\/$/, "").length + 1;
    const describe = (request: PipelineRequest): StorageRequest => {
      const url = new URL(request.url);
      return describeRequest(service, request.method, url.pathname.slice(pathStart), url.search, table);
    };
    pipeline.addPolicy(
      {
        name: "perdureTransport",
        sendRequest: (request) =>
          urgent ? this.send(request, describe) : this.sendInTurn(request, describe),
      },
      { afterPhase: "Sign" },
    );
  }

  keepTime(keeper: TimeKeeper): void {
    this.#keeper = keeper;
  }

  /** Stops requests in flight and waits between tries, with `StorageUnavailableError`, and closes all sockets. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#closing = newClosing();
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
    await setImmediate(); // the requests that were ended clear their timers first
  }

  private async sendInTurn(
    request: PipelineRequest,
    describe: (request: PipelineRequest) => StorageRequest,
  ): Promise<BufferedResponse> {
    const closing = this.#closing.signal;
    await this.#slots.acquire();
    try {
      if (closing.aborted) throw closed();
      return await this.send(request, describe);
    } finally {
      this.#slots.release();
    }
  }

  private async send(
    request: PipelineRequest,
    describe: (request: PipelineRequest) => StorageRequest,
  ): Promise<BufferedResponse> {
    const closing = this.#closing.signal;
    try {
      this.#options.onRequest?.(describe(request));
      request.agent ??= request.url.startsWith("https:") ? this.#httpsAgent : this.#httpAgent;
      const sentAt = this.#keeper?.sent() ?? 0;
      const answer = await sendHttp(request, this.#options.requestTimeoutMs, closing);
      const date = serviceDate(answer.headers);
      if (date !== undefined) this.#keeper?.answered(sentAt, date); // T4
      const asText = !request.streamResponseStatusCodes?.has(answer.status);
      return { ...answer, request, bodyAsText: asText ? answer.bytes.toString("utf8") : null };
    } catch (error) {
      throw closing.aborted ? closed() : error;
    }
  }
}

/** Every request in flight listens to it. */
function newClosing(): AbortController {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  return closing;
}

function closed(): StorageUnavailableError {
  return new StorageUnavailableError("The connection to storage was closed.");
}

function headersPolicy(version: string): PipelinePolicy {
  return {
    name: "perdureHeaders",
    sendRequest(request, next) {
      request.headers.set("x-ms-version", version);
      request.headers.set("User-Agent", "perdure");
      return next(request);
    },
  };
}

/** T4. The SDK's policies that sign set a request's date to this machine's, whatever it was before. */
function datePolicy(serviceTime: () => number | undefined): PipelinePolicy {
  return {
    name: "perdureDate",
    sendRequest(request, next) {
      const { headers } = request;
      const set = headers.set.bind(headers);
      headers.set = (name, value) => {
        const time = name.toLowerCase() === "x-ms-date" ? serviceTime() : undefined;
        const isFarOff = time !== undefined && Math.abs(Date.parse(String(value)) - time) > FAR_OFF_MS;
        set(name, isFarOff ? new Date(time).toUTCString() : value);
      };
      return next(request);
    },
  };
}

/** A proxy's own answers have another clock's date, and no request id. */
function serviceDate(headers: HttpHeaders): number | undefined {
  const date = headers.has("x-ms-request-id") ? Date.parse(headers.get("date") ?? "") : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}
