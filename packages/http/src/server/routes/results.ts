import { isTerminal } from "@perdure/core";
import {
  instanceChange,
  instanceDetails as instanceDetailsSchema,
  resultQuery,
} from "../../contract/instances";
import { query as queryOf } from "../../contract/values";
import { endedUnlessStopped } from "../check-status";
import { route } from "../route";
import type { ApiContext, Route } from "../route";
import type { Services } from "../services";
import { SSE_TYPE, acceptsSse, sseResponse } from "../sse";
import type { SseEvent } from "../sse";
import { instanceDetails } from "../views/instance-details";
import type { InstanceHandle } from "@perdure/client";
import { instanceParams } from "./parameters";

const DEFAULT_WAIT_MS = 30_000;

/** Waiting for what an instance comes to, from any process. */
export function resultRoutes(services: Services): readonly Route[] {
  const { client } = services;
  return [
    route({
      method: "get",
      path: "/instances/{instanceId}/result",
      tag: "Instances",
      summary: "Waits for the end of an instance.",
      description:
        "Answers when it has finished, or with 202 when the timeout runs out: ask again then. " +
        `With Accept: ${SSE_TYPE} it streams an event \`status\` for each change, and \`result\` at the end.`,
      role: "reader",
      params: instanceParams,
      query: resultQuery,
      answers: {
        200: { description: "It has finished.", schema: instanceDetailsSchema },
        202: {
          description: "Not yet.",
          schema: instanceDetailsSchema,
          headers: { "Retry-After": "Seconds." },
        },
      },
      errors: [404],
      handle: ({ params: { instanceId }, query: { timeout = DEFAULT_WAIT_MS } }, c) => {
        const handle = client.instance(instanceId);
        return acceptsSse(c) ? streamResult(services, handle, c) : result(services, handle, timeout, c);
      },
    }),
    route({
      method: "get",
      path: "/instances/{instanceId}/changes",
      tag: "Changes",
      summary:
        "An instance as it stands, and again each time something of it changes, until it has finished.",
      description: "Server-sent events `change`, and at the end `end`.",
      role: "reader",
      params: instanceParams,
      query: queryOf({}),
      answers: { 200: { description: "Data of an event `change`.", schema: instanceChange, type: SSE_TYPE } },
      errors: [404],
      handle: async ({ params: { instanceId } }, c) => {
        const handle = client.instance(instanceId);
        await handle.status();
        return sseResponse(services, c, "GET /instances/{instanceId}/changes", (signal) =>
          changesOf(handle, signal),
        );
      },
    }),
  ];
}

async function result(
  { waiting, stopping }: Services,
  handle: InstanceHandle,
  timeoutMs: number,
  c: ApiContext,
): Promise<Response> {
  const leave = waiting.enter();
  try {
    const ended = await endedUnlessStopped(handle, timeoutMs, c.req.raw.signal, stopping);
    if (ended) return c.json(instanceDetails(ended, { showInput: true }));
    return c.json(instanceDetails(await handle.status(), { showInput: true }), 202, { "retry-after": "1" });
  } finally {
    leave();
  }
}

async function streamResult(services: Services, handle: InstanceHandle, c: ApiContext): Promise<Response> {
  await handle.status();
  return sseResponse(
    services,
    c,
    "GET /instances/{instanceId}/result",
    async function* (signal): AsyncGenerator<SseEvent> {
      for await (const snapshot of handle.watch({ signal })) {
        const event = isTerminal(snapshot.status) ? "result" : "status";
        yield { event, data: instanceDetails(snapshot, { showInput: true }), id: idOf(snapshot) };
      }
    },
  );
}

async function* changesOf(handle: InstanceHandle, signal: AbortSignal): AsyncGenerator<SseEvent> {
  for await (const snapshot of handle.watch({ signal })) {
    const instance = instanceDetails(snapshot, { showInput: true });
    yield { event: "change", data: { kind: "changed", instance }, id: idOf(snapshot) };
  }
  yield { event: "end", data: {} };
}

function idOf({ executionId, lastUpdatedAt }: { executionId: string; lastUpdatedAt: Date }): string {
  return `${executionId}-${lastUpdatedAt.getTime()}`;
}
