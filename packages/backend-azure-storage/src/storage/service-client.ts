/** Sends one request through a trimmed pipeline of the SDK: it signs and repeats, this class neither parses nor maps. */
import {
  type HttpMethods,
  type Pipeline,
  type PipelineResponse,
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
} from "@azure/core-rest-pipeline";
import type { Endpoint } from "./connection";
import { type Refusal, datedAhead, errorCodeOf, errorDetailIn, refusalError, thrownError } from "./failures";
import type { BufferedResponse } from "./transport";

export interface Call {
  readonly method: HttpMethods;
  /** Below the account, encoded, with the leading slash. */
  readonly path: string;
  /** Absent values are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether the answer is read as bytes. */
  readonly binary?: boolean;
}

/** An answer, of success or of refusal. */
export interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly text: string;
  readonly bytes: Buffer | undefined;
  /** How far ahead of the service's clock the request was dated. */
  readonly aheadMs: number | undefined;
  header(name: string): string | undefined;
}

const httpClient = createDefaultHttpClient();
const OK: ReadonlySet<number> = new Set([200]);

export class ServiceClient {
  readonly #pipeline: Pipeline;
  readonly #endpoint: Endpoint;
  readonly #subject: string;

  /** @param subject What errors call the target, for example `table 'ShopHistory'`. */
  constructor(pipeline: Pipeline, endpoint: Endpoint, subject: string) {
    this.#pipeline = pipeline.clone();
    this.#pipeline.removePolicy({ name: "serializationPolicy" });
    this.#pipeline.removePolicy({ name: "deserializationPolicy" });
    this.#endpoint = endpoint;
    this.#subject = subject;
  }

  /**
   * Resolves with any answer to which repeating makes no difference; `refusal` and `refusalError` make an error of it.
   *
   * @throws StorageUnavailableError when there was no answer.
   */
  async send(call: Call): Promise<Answer> {
    const request = createPipelineRequest({
      url: this.#endpoint.url + call.path + queryText(call.query, this.#endpoint.sas),
      method: call.method,
      headers: createHttpHeaders(call.headers),
      allowInsecureConnection: true,
    });
    if (call.body !== undefined) request.body = call.body;
    if (call.binary) request.streamResponseStatusCodes = new Set(OK);
    try {
      return answerOf(await this.#pipeline.sendRequest(httpClient, request));
    } catch (error) {
      throw thrownError(this.#subject, error);
    }
  }

  /** Why an answer is not a success. */
  refusal(answer: Answer): Refusal {
    return {
      status: answer.status,
      code: errorCodeOf(answer.header("x-ms-error-code"), answer.text),
      detail: errorDetailIn(answer.text),
      requestId: answer.header("x-ms-request-id"),
      aheadMs: answer.aheadMs,
    };
  }

  refusalError(refusal: Refusal): Error {
    return refusalError(this.#subject, refusal);
  }

  /** Runs an operation of the SDK's own client, which shares the pipeline. */
  async run(operation: () => Promise<unknown>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      throw thrownError(this.#subject, error);
    }
  }
}

function answerOf(response: PipelineResponse & BufferedResponse): Answer {
  const { status, headers, bytes, request } = response;
  return {
    ok: status >= 200 && status < 300,
    status,
    aheadMs: status === 403 ? datedAhead(request.headers, headers) : undefined,
    text: response.bodyAsText ?? "",
    bytes,
    header: (name) => headers.get(name),
  };
}

function queryText(query: Call["query"], sas: string | undefined): string {
  const parts = sas === undefined ? [] : [sas];
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parts.push(`${name}=${encodeURIComponent(value)}`);
  }
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}
