import { z } from "@hono/zod-openapi";
import { pageQuery, query, queryBoolean, timestamp } from "./values";

export const deadLetterDetails = z
  .object({
    id: z.string(),
    instanceId: z.string(),
    reason: z.string(),
    deliveryCount: z.number().int(),
    deadLetteredAt: timestamp,
    body: z.string().exactOptional().openapi({ description: "The message as stored. Only when asked for." }),
  })
  .openapi("DeadLetterDetails");
/** A message nobody could process. Times are ISO 8601, UTC. */
export type DeadLetterDetails = z.output<typeof deadLetterDetails>;

export const deadLetterListQuery = query({
  showBody: queryBoolean.optional().openapi({ description: "The messages themselves, with their payloads." }),
  ...pageQuery,
});
