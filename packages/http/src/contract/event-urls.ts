import { z } from "@hono/zod-openapi";
import { bodyDuration, timestamp } from "./values";

export const createEventUrlBody = z
  .strictObject({
    payload: z.unknown().openapi({ description: "Of the event the URL raises." }),
    expiresIn: bodyDuration.exactOptional().openapi({ description: "Default: 7d. 90d at most." }),
    title: z.string().max(200).exactOptional().openapi({ description: "What the page asks." }),
  })
  .partial({ payload: true })
  .openapi("CreateEventUrl");

export const eventUrl = z.object({ url: z.url(), expiresAt: timestamp }).openapi("EventUrl");
/** A URL that raises one event once, for whoever has it. */
export type EventUrl = z.output<typeof eventUrl>;
