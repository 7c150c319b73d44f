import { z } from "@hono/zod-openapi";
import type { PendingTimer, TimerReference } from "@perdure/client";
import { optional } from "@perdure/core";
import type { Moment } from "@perdure/core";
import {
  moveTimerBody,
  timerActionQuery,
  timerDetails as timerDetailsSchema,
  timerListQuery,
} from "../../contract/timers";
import type { TimerDetails } from "../../contract/timers";
import { CONTINUATION_HEADER, pageHeaders, query as queryOf } from "../../contract/values";
import { continuationHeaders, continuationOf, pageOf } from "../continuation";
import { route } from "../route";
import type { Route } from "../route";
import type { Services } from "../services";
import { instanceParams, timerParams } from "./parameters";

export function timerRoutes({ client }: Services): readonly Route[] {
  const action = { method: "post", tag: "Timers", role: "operator", params: timerParams } as const;
  const answers = { 202: { description: "It takes effect when a worker has processed it." } };
  return [
    route({
      method: "get",
      path: "/timers",
      tag: "Timers",
      summary: "The pending timers of all instances, instance by instance.",
      role: "reader",
      query: timerListQuery,
      headers: pageHeaders,
      answers: {
        200: {
          description: "A page.",
          schema: z.array(timerDetailsSchema),
          headers: { [CONTINUATION_HEADER]: "Where the next page begins. Absent on the last." },
        },
      },
      handle: async ({ query: { dueBefore, instanceIdPrefix, orchestration, top = 100 } }, c) => {
        const timers = client.timers.list({
          ...optional("dueBefore", dueBefore),
          ...optional("instanceIdPrefix", instanceIdPrefix),
          ...optional("orchestration", orchestration),
        });
        const { items, next } = await pageOf(timers, top, continuationOf(c));
        return c.json(items.map(timerDetails), 200, continuationHeaders(c, next));
      },
    }),
    route({
      method: "get",
      path: "/instances/{instanceId}/timers",
      tag: "Timers",
      summary: "The pending timers of an instance, in the order they are due.",
      role: "reader",
      params: instanceParams,
      query: queryOf({}),
      answers: { 200: { description: "All of them.", schema: z.array(timerDetailsSchema) } },
      errors: [404],
      handle: async ({ params: { instanceId } }, c) =>
        c.json((await client.timers.of(instanceId)).map(timerDetails)),
    }),
    route({
      ...action,
      path: "/instances/{instanceId}/timers/{timerId}/fire",
      summary: "Lets a timer fire now.",
      action: "fire timer",
      query: timerActionQuery,
      answers,
      errors: [404],
      handle: async ({ params, query }, c) => {
        await client.timers.fire(referenceOf(params, query), query.reason);
        return c.body(null, 202);
      },
    }),
    route({
      ...action,
      path: "/instances/{instanceId}/timers/{timerId}/move",
      summary: "Lets a timer fire at another time.",
      action: "move timer",
      query: timerActionQuery,
      body: { schema: moveTimerBody, otherTypes: 415 },
      answers,
      errors: [404, 415],
      handle: async ({ params, query, body: { when } }, c) => {
        await client.timers.move(referenceOf(params, query), momentOf(when), query.reason);
        return c.body(null, 202);
      },
    }),
    route({
      ...action,
      path: "/instances/{instanceId}/timers/{timerId}/cancel",
      summary: "Cancels a timer: whoever waits for it gets an error.",
      action: "cancel timer",
      query: timerActionQuery,
      answers,
      errors: [404],
      handle: async ({ params, query }, c) => {
        await client.timers.cancel(referenceOf(params, query), query.reason);
        return c.body(null, 202);
      },
    }),
  ];
}

function referenceOf(
  { instanceId, timerId }: TimerReference,
  { executionId }: { executionId?: string | undefined },
): TimerReference {
  return { instanceId, timerId, ...optional("executionId", executionId) };
}

/** A text that begins as a date is one; any other is a duration. */
function momentOf(when: z.output<typeof moveTimerBody>["when"]): Moment {
  return typeof when === "string" && /^\d{4}-/.test(when) ? { at: when } : when;
}

function timerDetails({ fireAt, createdAt, wallClock, ...timer }: PendingTimer): TimerDetails {
  return {
    ...timer,
    fireAt: fireAt.toISOString(),
    createdAt: createdAt.toISOString(),
    ...optional("wallClock", wallClock),
  };
}
