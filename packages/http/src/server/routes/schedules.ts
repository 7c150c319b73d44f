import { z } from "@hono/zod-openapi";
import type { ScheduleDescription } from "@perdure/client";
import { optional } from "@perdure/core";
import {
  backfillBody,
  createScheduleBody,
  scheduleDetails as scheduleDetailsSchema,
  scheduleListQuery,
  scheduleQuery,
  triggerQuery,
  updateScheduleBody,
} from "../../contract/schedules";
import type { ScheduleDetails } from "../../contract/schedules";
import { CONTINUATION_HEADER, pageHeaders, query as queryOf, reasonQuery } from "../../contract/values";
import { continuationHeaders, continuationOf, pageOf } from "../continuation";
import { route } from "../route";
import type { Route } from "../route";
import type { Services } from "../services";
import { asJson } from "../views/json";
import { scheduleParams } from "./parameters";

const TAG = "Schedules";
const ACCEPTED = { 202: { description: "It takes effect when a worker has processed it." } };

export function scheduleRoutes(services: Services): readonly Route[] {
  return [...collectionRoutes(services), ...scheduleActionRoutes(services)];
}

function collectionRoutes({ client, urls, schemas }: Services): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/schedules",
      tag: TAG,
      summary: "All schedules.",
      role: "reader",
      query: scheduleListQuery,
      headers: pageHeaders,
      answers: {
        200: {
          description: "A page.",
          schema: z.array(scheduleDetailsSchema),
          headers: { [CONTINUATION_HEADER]: "Where the next page begins. Absent on the last." },
        },
      },
      handle: async ({ query: { top = 100 } }, c) => {
        const { items, next } = await pageOf(client.schedules.list(), top, continuationOf(c));
        return c.json(items.map(scheduleDetails), 200, continuationHeaders(c, next));
      },
    }),
    route({
      method: "post",
      path: "/schedules",
      tag: TAG,
      summary: "Creates a schedule.",
      role: "operator",
      action: "create schedule",
      query: queryOf({}),
      body: { schema: createScheduleBody, otherTypes: 415 },
      answers: {
        201: {
          description: "As it stands.",
          schema: scheduleDetailsSchema,
          headers: { Location: "Its URL." },
        },
      },
      errors: [409, 415],
      handle: async ({ body }, c) => {
        c.set("subject", body.id);
        await schemas.check(body.orchestration, body.input);
        const handle = await client.schedules.create(body);
        const location = `${urls.baseOf(c.req.raw, c.get("route"))}/schedules/${encodeURIComponent(handle.id)}`;
        return c.json(scheduleDetails(await handle.describe()), 201, { location });
      },
    }),
    route({
      method: "get",
      path: "/schedules/{scheduleId}",
      tag: TAG,
      summary: "A schedule as it stands, with its next times and last decisions.",
      role: "reader",
      params: scheduleParams,
      query: scheduleQuery,
      answers: { 200: { description: "As it stands.", schema: scheduleDetailsSchema } },
      errors: [404],
      handle: async ({ params: { scheduleId }, query: { nextTimes } }, c) =>
        c.json(
          scheduleDetails(await client.schedules.get(scheduleId).describe(optional("nextTimes", nextTimes))),
        ),
    }),
    route({
      method: "patch",
      path: "/schedules/{scheduleId}",
      tag: TAG,
      summary: "Changes what is given, and leaves the rest.",
      role: "operator",
      action: "update schedule",
      params: scheduleParams,
      query: queryOf({}),
      body: { schema: updateScheduleBody, otherTypes: 415 },
      answers: ACCEPTED,
      errors: [404, 415],
      handle: async ({ params: { scheduleId }, body }, c) => {
        await client.schedules.get(scheduleId).update(body);
        return c.body(null, 202);
      },
    }),
    route({
      method: "delete",
      path: "/schedules/{scheduleId}",
      tag: TAG,
      summary: "Ends a schedule. What runs goes on.",
      role: "operator",
      action: "delete schedule",
      params: scheduleParams,
      query: queryOf({}),
      answers: ACCEPTED,
      errors: [404],
      handle: async ({ params: { scheduleId } }, c) => {
        await client.schedules.get(scheduleId).delete();
        return c.body(null, 202);
      },
    }),
  ];
}

function scheduleActionRoutes({ client }: Services): readonly Route[] {
  const common = {
    method: "post",
    tag: TAG,
    role: "operator",
    params: scheduleParams,
    answers: ACCEPTED,
    errors: [404],
  } as const;
  return [
    route({
      ...common,
      path: "/schedules/{scheduleId}/pause",
      summary: "It starts nothing until it is resumed. What runs goes on.",
      action: "pause schedule",
      query: reasonQuery,
      handle: async ({ params: { scheduleId }, query: { reason } }, c) => {
        await client.schedules.get(scheduleId).pause(reason);
        return c.body(null, 202);
      },
    }),
    route({
      ...common,
      path: "/schedules/{scheduleId}/resume",
      summary: "Lets a paused schedule go on.",
      action: "resume schedule",
      query: queryOf({}),
      handle: async ({ params: { scheduleId } }, c) => {
        await client.schedules.get(scheduleId).resume();
        return c.body(null, 202);
      },
    }),
    route({
      ...common,
      path: "/schedules/{scheduleId}/trigger",
      summary: "Starts a run now, whether paused or not.",
      action: "trigger schedule",
      query: triggerQuery,
      handle: async ({ params: { scheduleId }, query: { overlapPolicy } }, c) => {
        await client.schedules.get(scheduleId).trigger(optional("overlapPolicy", overlapPolicy));
        return c.body(null, 202);
      },
    }),
    route({
      ...common,
      path: "/schedules/{scheduleId}/backfill",
      summary: "Starts the runs of a range of times.",
      action: "backfill schedule",
      query: queryOf({}),
      body: { schema: backfillBody, otherTypes: 415 },
      errors: [404, 415],
      handle: async ({ params: { scheduleId }, body }, c) => {
        await client.schedules.get(scheduleId).backfill(body);
        return c.body(null, 202);
      },
    }),
  ];
}

function scheduleDetails(description: ScheduleDescription): ScheduleDetails {
  return asJson(description) as ScheduleDetails;
}
