import { OpenAPIHono } from "@hono/zod-openapi";
import type { Client } from "@perdure/client";
import { InvalidArgumentError, systemClock } from "@perdure/core";
import type { Hono } from "hono";
import { DEFAULT_PREFIX } from "../contract/paths";
import { query } from "../contract/values";
import { answerOf } from "./error-answers";
import { EventUrls } from "./event-urls/event-urls";
import { InputSchemas } from "./input-schemas";
import { mountRoutes, protections } from "./mount";
import { openApiDocument, registerRoutes } from "./openapi";
import type { ManagementApiOptions } from "./options";
import { route } from "./route";
import type { ApiEnv, Route } from "./route";
import { actionRoutes } from "./routes/actions";
import { changeRoutes } from "./routes/changes";
import { deadLetterRoutes } from "./routes/dead-letters";
import { diagnosisRoutes } from "./routes/diagnosis";
import { eventUrlRoutes } from "./routes/event-urls";
import { healthRoutes } from "./routes/health";
import { instanceRoutes } from "./routes/instances";
import { resultRoutes } from "./routes/results";
import { scheduleRoutes } from "./routes/schedules";
import { startRoutes } from "./routes/starting";
import { timerRoutes } from "./routes/timers";
import { WaitingRoom } from "./security/limits";
import type { Services } from "./services";
import { standardErrorLogger } from "./standard-error-logger";
import { ManagementUrls, normalPrefix } from "./views/management-urls";

const MAX_WAITING = 200;
/** Nobody reads this answer. */
const CALLER_IS_GONE = 499;

/**
 * The management API of a task hub as a Hono app: use its `fetch`, mount it with `app.route("/", api)`, or let
 * `serveManagementApi` listen.
 *
 * Without `keys` and `verify` it answers to programs of this machine only, by the host the request names: whoever mounts
 * it in a server that others reach gives keys, or a `verify` that looks at that server's own sign-in.
 *
 * @throws InvalidArgumentError for a bad option.
 */
export function createManagementApi(client: Client, options: ManagementApiOptions = {}): Hono<ApiEnv> {
  const prefix = normalPrefix(options.prefix ?? DEFAULT_PREFIX);
  const services = servicesOf(client, prefix, options);
  const app = new OpenAPIHono<ApiEnv>();
  const routes = routesOf(services, app);
  registerRoutes(app, routes);
  mountRoutes(app, prefix, routes, protections(options, services.logger));
  app.onError((error, c) => {
    if (c.req.raw.signal.aborted) return new Response(null, { status: CALLER_IS_GONE });
    return answerOf(error, c.get("route") ?? "no route", services.logger);
  });
  return app;
}

function servicesOf(client: Client, prefix: string, options: ManagementApiOptions): Services {
  const { eventUrlKeys, publicUrl, clock = systemClock, logger = standardErrorLogger } = options;
  if (options.keys?.length === 0)
    throw new InvalidArgumentError("keys is empty: give one key or more, or leave it out.");
  const urls = new ManagementUrls(prefix, publicUrl);
  return {
    client,
    clock,
    logger,
    urls,
    schemas: new InputSchemas(options.orchestrations ?? []),
    refusesUnlisted: options.unlisted === "refuse",
    eventUrls:
      eventUrlKeys && new EventUrls(client, { keys: eventUrlKeys, publicUrl: publicUrl ?? "", clock }),
    waiting: new WaitingRoom(options.maxWaiting ?? MAX_WAITING),
    readiness: options.readiness ?? {},
    stopping: options.signal ?? new AbortController().signal,
  };
}

function routesOf(services: Services, app: OpenAPIHono<ApiEnv>): readonly Route[] {
  const documentAt = openApiDocument(app, services.schemas);
  const document = route({
    method: "get",
    path: "/openapi.json",
    tag: "Health",
    summary: "This document.",
    role: "reader",
    query: query({}),
    answers: { 200: { description: "OpenAPI 3.1." } },
    handle: (_, c) => c.json(documentAt(services.urls.baseOf(c.req.raw, c.get("route")))),
  });
  return [
    ...startRoutes(services),
    ...instanceRoutes(services),
    ...actionRoutes(services),
    ...resultRoutes(services),
    ...changeRoutes(services),
    ...timerRoutes(services),
    ...scheduleRoutes(services),
    ...deadLetterRoutes(services),
    ...diagnosisRoutes(services),
    ...eventUrlRoutes(services),
    ...healthRoutes(services),
    document,
  ];
}
