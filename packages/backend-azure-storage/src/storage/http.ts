import http from "node:http";
import https from "node:https";
import {
  type HttpHeaders,
  type PipelineRequest,
  RestError,
  createHttpHeaders,
} from "@azure/core-rest-pipeline";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly bytes: Buffer;
}

/**
 * Sends a request once. The SDK's own client takes half again as much of the processor, and stops watching the time
 * when the headers are there.
 *
 * @param timeoutMs Time for all of the answer.
 * @param closing Ends the request when it aborts.
 * @throws RestError without a status when there was no whole answer; its code is Node's.
 */
export function sendHttp(
  request: PipelineRequest,
  timeoutMs: number,
  closing: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const url = new URL(request.url);
    const body = bodyOf(request);
    const headers = request.headers.toJSON({ preserveCase: true });
    if (body !== undefined) headers["Content-Length"] = String(Buffer.byteLength(body));
    const settle = (): void => {
      clearTimeout(timer);
      closing.removeEventListener("abort", close);
    };
    const fail = (error: NodeJS.ErrnoException): void => {
      settle();
      reject(new RestError(error.message, { code: error.code ?? RestError.REQUEST_SEND_ERROR, request }));
    };
    const outgoing = (url.protocol === "https:" ? https : http).request(
      url,
      { agent: request.agent as http.Agent, method: request.method, headers },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", fail);
        incoming.on("end", () => {
          settle();
          const status = incoming.statusCode ?? 0;
          resolve({ status, headers: headersOf(incoming), bytes: Buffer.concat(chunks) });
        });
      },
    );
    outgoing.on("error", fail);
    const close = (): void => void outgoing.destroy();
    closing.addEventListener("abort", close);
    const timer = setTimeout(() => {
      const error = new Error(`no whole answer within ${timeoutMs} ms`);
      outgoing.destroy(Object.assign(error, { code: "ETIMEDOUT" }));
    }, timeoutMs);
    outgoing.end(body);
  });
}

function bodyOf({ body }: PipelineRequest): string | Buffer | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string" || Buffer.isBuffer(body)) return body;
  throw new TypeError("The body of a request to storage is neither text nor a buffer.");
}

function headersOf(incoming: http.IncomingMessage): HttpHeaders {
  const headers = createHttpHeaders();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  return headers;
}
