import { z } from "@hono/zod-openapi";
import { InstanceNotFoundError, deriveId, optional } from "@perdure/core";
import type { InstanceHandle } from "@perdure/client";
import {
  IDEMPOTENCY_HEADER,
  idempotencyHeaders,
  restartQuery,
  startedInstance,
  terminateQuery,
} from "../../contract/instances";
import type { StartedInstance } from "../../contract/instances";
import { query as queryOf, reasonQuery } from "../../contract/values";
import { Refusal } from "../refusal";
import { route } from "../route";
import type { ApiContext, Route } from "../route";
import type { Services } from "../services";
import { eventParams, instanceParams } from "./parameters";

const ACCEPTED = { 202: { description: "It takes effect when a worker has processed it." } };

/** What is asked of an instance. */
export function actionRoutes(services: Services): readonly Route[] {
  const { client } = services;
  return [
    route({
      method: "post",
      path: "/instances/{instanceId}/raiseEvent/{eventName}",
      tag: "Instances",
      summary: "Raises an external event. The body is its payload.",
      role: "operator",
      action: "raise event",
      params: eventParams,
      query: queryOf({}),
      headers: idempotencyHeaders,
      body: { schema: z.unknown(), isOptional: true, otherTypes: 400 },
      answers: ACCEPTED,
      errors: [404, 410],
      handle: async ({ params: { instanceId, eventName }, headers, body }, c) => {
        const key = headers[IDEMPOTENCY_HEADER];
        const eventId =
          key === undefined ? undefined : deriveId("idempotent event", eventName.toLowerCase(), key);
        await client.instance(instanceId).raiseEvent(eventName, body, optional("eventId", eventId));
        return c.body(null, 202);
      },
    }),
    route({
      method: "post",
      path: "/instances/{instanceId}/terminate",
      tag: "Instances",
      summary: "Ends the instance with status Terminated.",
      role: "operator",
      action: "terminate",
      params: instanceParams,
      query: terminateQuery,
      answers: ACCEPTED,
      errors: [404, 410],
      handle: async ({ params: { instanceId }, query: { reason, recursive = false } }, c) => {
        await client.instance(instanceId).terminate(reason, { recursive });
        return c.body(null, 202);
      },
    }),
    reasoned(
      services,
      "suspend",
      "Holds the instance: none of its code runs until it is resumed.",
      [404, 410],
    ),
    reasoned(services, "resume", "Lets a suspended or blocked instance go on.", [404, 410]),
    reasoned(
      services,
      "rewind",
      "Lets a failed instance go on from before what made it fail.",
      [404, 409, 410],
    ),
    route({
      method: "post",
      path: "/instances/{instanceId}/restart",
      tag: "Instances",
      summary: "Starts an instance with the same name, version, tags and input.",
      role: "operator",
      action: "restart",
      params: instanceParams,
      query: restartQuery,
      answers: { 202: { description: "Started, and where to ask about it.", schema: startedInstance } },
      errors: [409],
      handle: ({ params: { instanceId }, query }, c) =>
        restart(services, client.instance(instanceId), query, c),
    }),
  ];
}

function reasoned(
  { client }: Services,
  action: "suspend" | "resume" | "rewind",
  summary: string,
  errors: readonly number[],
): Route {
  return route({
    method: "post",
    path: `/instances/{instanceId}/${action}`,
    tag: "Instances",
    summary,
    role: "operator",
    action,
    params: instanceParams,
    query: reasonQuery,
    answers: ACCEPTED,
    errors,
    handle: async ({ params: { instanceId }, query: { reason } }, c) => {
      await client.instance(instanceId)[action](reason);
      return c.body(null, 202);
    },
  });
}

async function restart(
  { urls }: Services,
  handle: InstanceHandle,
  { restartWithNewInstanceId = true, newInstanceId }: z.output<typeof restartQuery>,
  c: ApiContext,
): Promise<Response> {
  try {
    const started = await handle.restart({ newInstanceId: newInstanceId ?? restartWithNewInstanceId });
    const payload = urls.payload(c.req.raw, started.instanceId, c.get("route"));
    return c.json({ ...payload, created: true } satisfies StartedInstance, 202, {
      location: payload.statusQueryGetUri,
      "retry-after": "10",
    });
  } catch (error) {
    // 400 as in Durable Functions, not 404.
    if (!InstanceNotFoundError.is(error)) throw error;
    const { code, message, instanceId } = error;
    throw new Refusal(400, code, message, { facts: { instanceId } });
  }
}
