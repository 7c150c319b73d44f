import type { z } from "@hono/zod-openapi";
import type { DoctorOptions } from "@perdure/client";
import { optional } from "@perdure/core";
import type { Finding } from "@perdure/core";
import { doctorAnswer, doctorQuery, explainQuery, explanation } from "../../contract/diagnosis";
import type { FindingDetails } from "../../contract/diagnosis";
import { route } from "../route";
import type { ApiContext, Route } from "../route";
import type { Services } from "../services";
import { acceptsSse, sseResponse } from "../sse";
import type { SseEvent } from "../sse";
import { asJson } from "../views/json";
import { instanceParams } from "./parameters";

const TAG = "Diagnosis";

/** Why something does not go on, and what is wrong with the hub. */
export function diagnosisRoutes(services: Services): readonly Route[] {
  const { client } = services;
  const doctor = {
    path: "/doctor",
    tag: TAG,
    description: "With Accept: text/event-stream each finding comes as it is found, as an event `finding`.",
    query: doctorQuery,
    answers: {
      200: { description: "What is wrong. Nothing comes from a healthy hub.", schema: doctorAnswer },
    },
  } as const;
  return [
    route({
      method: "get",
      path: "/instances/{instanceId}/explain",
      tag: TAG,
      summary: "Why an instance does not go on: what it waits for, who owns it, what comes next.",
      role: "reader",
      params: instanceParams,
      query: explainQuery,
      answers: { 200: { description: "In words, and in fields.", schema: explanation } },
      errors: [404],
      handle: async ({ params: { instanceId }, query: { grace } }, c) =>
        c.json(asJson(await client.explain(instanceId, optional("grace", grace)))),
    }),
    route({
      ...doctor,
      method: "get",
      summary: "Looks the hub over, and changes nothing.",
      role: "reader",
      handle: ({ query }, c) => examine(services, c, query, false),
    }),
    route({
      ...doctor,
      method: "post",
      summary: "Looks the hub over, and repairs what can be repaired while workers run.",
      role: "operator",
      action: "doctor with fix",
      handle: ({ query }, c) => examine(services, c, query, true),
    }),
  ];
}

async function examine(
  services: Services,
  c: ApiContext,
  { grace, limit }: z.output<typeof doctorQuery>,
  fix: boolean,
): Promise<Response> {
  const { client, stopping } = services;
  const options: DoctorOptions = { fix, ...optional("grace", grace), ...optional("limit", limit) };
  if (acceptsSse(c)) {
    return sseResponse(services, c, "/doctor", (signal) =>
      findingEvents(client.doctor({ ...options, signal })),
    );
  }
  const findings: FindingDetails[] = [];
  const signal = AbortSignal.any([c.req.raw.signal, stopping]);
  for await (const finding of client.doctor({ ...options, signal })) findings.push(asJson(finding));
  return c.json({ findings });
}

async function* findingEvents(findings: AsyncIterable<Finding>): AsyncGenerator<SseEvent> {
  for await (const finding of findings) yield { event: "finding", data: finding };
  yield { event: "end", data: {} };
}
