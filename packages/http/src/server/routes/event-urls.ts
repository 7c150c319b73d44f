import { createEventUrlBody, eventUrl } from "../../contract/event-urls";
import type { EventUrl } from "../../contract/event-urls";
import { query as queryOf } from "../../contract/values";
import type { EventUrlOptions, EventUrls } from "../event-urls/event-urls";
import { PAGE_HEADERS, confirmPage, messagePage } from "../event-urls/pages";
import { Refusal } from "../refusal";
import { route } from "../route";
import type { ApiContext, Route } from "../route";
import type { Services } from "../services";
import { eventParams, tokenParams } from "./parameters";

const TAG = "Event URLs";
const PAGE = "text/html";

/** URLs that raise one event once, for whoever has them. */
export function eventUrlRoutes(services: Services): readonly Route[] {
  return [
    route({
      method: "post",
      path: "/instances/{instanceId}/eventUrls/{eventName}",
      tag: TAG,
      summary: "Makes a URL that raises an event once, for a mail to a person.",
      role: "operator",
      action: "create event URL",
      params: eventParams,
      query: queryOf({}),
      body: { schema: createEventUrlBody.optional(), otherTypes: 415, isOptional: true },
      answers: { 201: { description: "The URL. It is a secret.", schema: eventUrl } },
      errors: [404, 410, 415],
      handle: async ({ params: { instanceId, eventName }, body = {} }, c) => {
        const options: EventUrlOptions = body;
        const { token, expiresAt } = await eventUrlsOf(services).createToken(instanceId, eventName, options);
        const url = `${services.urls.baseOf(c.req.raw, c.get("route"))}/events/${token}`;
        return c.json({ url, expiresAt: new Date(expiresAt).toISOString() } satisfies EventUrl, 201);
      },
    }),
    route({
      method: "get",
      path: "/events/{token}",
      tag: TAG,
      summary: "A page that asks whether to raise the event. Looking at it changes nothing.",
      role: "anyone",
      params: tokenParams,
      query: queryOf({}),
      answers: { 200: { description: "The page.", type: PAGE } },
      errors: [403, 404, 410],
      handle: ({ params: { token } }, c) =>
        asPage(c, async () => {
          const { title, eventName, instanceId } = await eventUrlsOf(services).look(token);
          return confirmPage(title ?? `Raise the event '${eventName}' for '${instanceId}'?`);
        }),
    }),
    route({
      method: "post",
      path: "/events/{token}",
      tag: TAG,
      summary: "Raises the event.",
      role: "anyone",
      action: "raise event by URL",
      params: tokenParams,
      query: queryOf({}),
      answers: { 200: { description: "A page that says so.", type: PAGE } },
      errors: [403, 404, 410],
      handle: ({ params: { token } }, c) =>
        asPage(c, async () => {
          const { instanceId } = await eventUrlsOf(services).use(token);
          c.set("subject", instanceId);
          return messagePage("Thank you. Your answer has been recorded.");
        }),
    }),
  ];
}

function eventUrlsOf({ eventUrls }: Services): EventUrls {
  if (eventUrls) return eventUrls;
  throw new Refusal(404, "NotFound", "This server makes no event URLs: give it eventUrlKeys.");
}

/** Refusals are pages, too, for whoever follows a link. */
async function asPage(c: ApiContext, text: () => Promise<string>): Promise<Response> {
  try {
    return c.body(await text(), 200, PAGE_HEADERS);
  } catch (error) {
    const isPerson = c.req.header("accept")?.includes(PAGE) === true;
    if (!isPerson || !(error instanceof Refusal)) throw error;
    return c.body(await messagePage(error.message), error.status, PAGE_HEADERS);
  }
}
