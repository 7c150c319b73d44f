import { optional, toError } from "@perdure/core";
import { streamSSE } from "hono/streaming";
import type { SSEStreamingApi } from "hono/streaming";
import { answerOf } from "./error-answers";
import type { ApiContext } from "./route";
import type { Services } from "./services";

export interface SseEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
}

export const SSE_TYPE = "text/event-stream";

export function acceptsSse(c: ApiContext): boolean {
  return (c.req.header("accept") ?? "").toLowerCase().includes(SSE_TYPE);
}

/** Comments, so that proxies do not take silence for an end. */
const HEARTBEAT_MS = 15_000;

/**
 * Streams events until there are no more, the caller goes, or the server stops. What fails meanwhile is told by an event
 * `error`.
 */
export function sseResponse(
  services: Services,
  c: ApiContext,
  route: string,
  eventsOf: (signal: AbortSignal) => AsyncIterable<SseEvent>,
): Response {
  if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": SSE_TYPE });
  const leave = services.waiting.enter();
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, services.stopping, c.req.raw.signal]);
  const events = eventsOf(signal)[Symbol.asyncIterator]();
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => gone.abort());
    const heart = beat(stream, services, signal);
    try {
      for (;;) {
        const next = await events.next();
        if (next.done === true) break;
        const { event, data, id } = next.value;
        await stream.writeSSE({ event, data: JSON.stringify(data), ...optional("id", id) });
        if (signal.aborted) break;
      }
    } catch (error) {
      if (!signal.aborted) await tell(stream, error, route, services);
    } finally {
      gone.abort();
      leave();
      await events.return?.();
      await heart;
    }
  });
}

async function beat(stream: SSEStreamingApi, { clock }: Services, signal: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(HEARTBEAT_MS, signal);
    if (signal.aborted) return;
    await stream.write(": still here\n\n");
  }
}

async function tell(
  stream: SSEStreamingApi,
  error: unknown,
  route: string,
  { logger }: Services,
): Promise<void> {
  const answer = answerOf(toError(error), route, logger);
  await stream.writeSSE({ event: "error", data: await answer.text() });
}
