import { z } from "@hono/zod-openapi";
import type { StartOptions } from "@perdure/client";
import { optional } from "@perdure/core";
import type { TerminalStatus } from "@perdure/core";
import {
  IDEMPOTENCY_HEADER,
  idempotencyHeaders,
  instanceDetails,
  startQuery,
  startedInstance,
} from "../../contract/instances";
import type { StartedInstance } from "../../contract/instances";
import { waitForCompletionOrStatus } from "../check-status";
import { startOnce } from "../idempotent-start";
import { Refusal } from "../refusal";
import { route } from "../route";
import type { AnswerSpec, ApiContext, Route } from "../route";
import type { Services } from "../services";
import { nameAndInstanceParams, nameParams } from "./parameters";

const ANSWERS: Readonly<Record<number, AnswerSpec>> = {
  200: {
    description: "Within the timeout: the output; of a terminated instance all about it.",
    schema: z.unknown(),
  },
  202: {
    description: "Started, and where to ask about it.",
    schema: startedInstance,
    headers: { Location: "Where its status is.", "Retry-After": "Seconds." },
  },
  500: { description: "Within the timeout: it failed.", schema: instanceDetails },
};

export function startRoutes(services: Services): readonly Route[] {
  const common = {
    method: "post",
    tag: "Instances",
    role: "operator",
    action: "start",
    query: startQuery,
    headers: idempotencyHeaders,
    body: { schema: z.unknown(), isOptional: true },
    answers: ANSWERS,
    errors: [409, 422],
  } as const;
  return [
    route({
      ...common,
      path: "/orchestrators/{name}",
      summary: "Starts an instance under a random id. The body is its input.",
      params: nameParams,
      handle: ({ params, query, headers, body }, c) =>
        start(services, c, params.name, body, query, headers[IDEMPOTENCY_HEADER], undefined),
    }),
    route({
      ...common,
      path: "/orchestrators/{name}/{instanceId}",
      summary: "Starts an instance under an id. The body is its input.",
      params: nameAndInstanceParams,
      handle: ({ params, query, headers, body }, c) =>
        start(services, c, params.name, body, query, headers[IDEMPOTENCY_HEADER], params.instanceId),
    }),
  ];
}

async function start(
  services: Services,
  c: ApiContext,
  name: string,
  input: unknown,
  query: z.output<typeof startQuery>,
  idempotencyKey: string | undefined,
  instanceId: string | undefined,
): Promise<Response> {
  const { client, urls, schemas } = services;
  if (services.refusesUnlisted && !schemas.has(name)) {
    const known = schemas.names().join(", ");
    throw new Refusal(
      400,
      "InvalidArgument",
      `No orchestration of this name can be started here: give one of ${known}.`,
    );
  }
  await schemas.check(name, input);
  const options: StartOptions = {
    ...optional("version", schemas.versionOf(name)),
    ...startOptions(query),
    ...optional("instanceId", instanceId),
  };
  const handle =
    idempotencyKey === undefined
      ? await client.startNew(name, input, options)
      : await startOnce(client, name, input, options, idempotencyKey);
  c.set("subject", handle.instanceId);
  if (query.timeout !== undefined) {
    const response = await waitForCompletionOrStatus(services, c.req.raw, handle, query.timeout);
    if (response) return response;
  }
  const payload = urls.payload(c.req.raw, handle.instanceId, c.get("route"));
  return c.json({ ...payload, created: handle.created } satisfies StartedInstance, 202, {
    location: payload.statusQueryGetUri,
    "retry-after": "10",
  });
}

function startOptions({
  startAt,
  delay,
  version,
  tag,
  reuse,
  ifExists,
}: z.output<typeof startQuery>): StartOptions {
  return {
    ...optional("startAt", startAt),
    ...optional("delay", delay),
    ...optional("version", version),
    ...optional("tags", tag),
    ...optional("ifExists", ifExists),
    ...optional(
      "reuse",
      reuse?.filter((status): status is TerminalStatus => status !== "None"),
    ),
  };
}
