import { z } from "@hono/zod-openapi";
import type { DeadLetter } from "@perdure/core";
import {
  deadLetterDetails as deadLetterDetailsSchema,
  deadLetterListQuery,
} from "../../contract/dead-letters";
import type { DeadLetterDetails } from "../../contract/dead-letters";
import { CONTINUATION_HEADER, pageHeaders, query as queryOf } from "../../contract/values";
import { continuationHeaders, continuationOf, pageOf } from "../continuation";
import { Refusal } from "../refusal";
import { route } from "../route";
import type { Route } from "../route";
import { assertMay } from "../security/gate";
import type { Services } from "../services";
import { deadLetterParams } from "./parameters";

const TAG = "Dead letters";

export function deadLetterRoutes({ client }: Services): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/dead-letters",
      tag: TAG,
      summary: "Messages that nobody could process.",
      role: "reader",
      query: deadLetterListQuery,
      headers: pageHeaders,
      answers: {
        200: {
          description: "A page.",
          schema: z.array(deadLetterDetailsSchema),
          headers: { [CONTINUATION_HEADER]: "Where the next page begins. Absent on the last." },
        },
      },
      handle: async ({ query: { showBody = false, top = 100 } }, c) => {
        const caller = c.get("caller");
        if (showBody && caller) assertMay(caller, "operator", "the messages themselves are for operators");
        const { items, next } = await pageOf(client.deadLetters.list(), top, continuationOf(c));
        const letters = items.map((letter) => deadLetterDetails(letter, showBody));
        return c.json(letters, 200, continuationHeaders(c, next));
      },
    }),
    route({
      method: "post",
      path: "/dead-letters/{deadLetterId}/redrive",
      tag: TAG,
      summary: "Queues the message again.",
      role: "operator",
      action: "redrive dead letter",
      params: deadLetterParams,
      query: queryOf({}),
      answers: { 202: { description: "Queued." } },
      errors: [404],
      handle: async ({ params: { deadLetterId } }, c) => {
        if (!(await client.deadLetters.redrive(deadLetterId))) throw missing();
        return c.body(null, 202);
      },
    }),
    route({
      method: "delete",
      path: "/dead-letters/{deadLetterId}",
      tag: TAG,
      summary: "Removes the message for good.",
      role: "operator",
      action: "discard dead letter",
      params: deadLetterParams,
      query: queryOf({}),
      answers: { 204: { description: "Removed." } },
      errors: [404],
      handle: async ({ params: { deadLetterId } }, c) => {
        if (!(await client.deadLetters.discard(deadLetterId))) throw missing();
        return c.body(null, 204);
      },
    }),
  ];
}

function missing(): Refusal {
  return new Refusal(404, "DeadLetterNotFound", "There is no such dead letter: list them again.");
}

function deadLetterDetails(
  { body, deadLetteredAt, ...letter }: DeadLetter,
  showBody: boolean,
): DeadLetterDetails {
  return { ...letter, deadLetteredAt: new Date(deadLetteredAt).toISOString(), ...(showBody ? { body } : {}) };
}
