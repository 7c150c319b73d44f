import type { OpenAPIHono } from "@hono/zod-openapi";
import { toError } from "@perdure/core";
import type { Logger } from "@perdure/core";
import type { MiddlewareHandler } from "hono";
import { METHOD_NAME_ALL } from "hono/router";
import { audit } from "./audit";
import type { ManagementApiOptions } from "./options";
import { Refusal } from "./refusal";
import type { ApiContext, ApiEnv, Route } from "./route";
import { Gate, assertMay } from "./security/gate";
import { KeyRing } from "./security/key-ring";
import { limitCallers, limitGuesses } from "./security/limits";

type Middleware = MiddlewareHandler<ApiEnv>;

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const RATE_LIMIT = { limit: 3000, window: "1m" };

/** What stands before the code of every route. */
export interface Protections {
  readonly logger: Logger;
  readonly gate: Gate;
  /** The name a request must have in `taskHub`, if it has one. */
  readonly taskHub: string | undefined;
  /** Where a refused request passes, too. */
  readonly guesses: Middleware;
  /** Once it is known who asks. */
  readonly limits: readonly Middleware[];
  readonly maxBodyBytes: number;
}

/** @throws InvalidArgumentError */
export function protections(options: ManagementApiOptions, logger: Logger): Protections {
  const { rateLimit = RATE_LIMIT, maxBodyBytes = MAX_BODY_BYTES } = options;
  return {
    logger,
    gate: new Gate(options.keys && new KeyRing(options.keys), options.verify),
    taskHub: options.taskHub,
    guesses: limitGuesses(),
    limits: rateLimit ? [limitCallers(rateLimit)] : [],
    maxBodyBytes,
  };
}

/** Every path answers to its methods, and says so to others; what is no path is told so in our words. */
export function mountRoutes(
  app: OpenAPIHono<ApiEnv>,
  prefix: string,
  routes: readonly Route[],
  guards: Protections,
): void {
  app.use(`${prefix}/*`, answerHeaders);
  for (const path of new Set(routes.map((one) => one.path))) {
    const ofPath = routes.filter((one) => one.path === path);
    const pattern = prefix + path.replaceAll(/\{(\w+)\}/g, ":$1");
    for (const one of ofPath) app.on(one.method.toUpperCase(), [pattern], ...handlersOf(one, guards));
    app.on(
      METHOD_NAME_ALL,
      [pattern],
      ...handlersOf(
        refusing(path, () => wrongMethod(ofPath)),
        guards,
      ),
    );
  }
  app.on(METHOD_NAME_ALL, [`${prefix}/*`], ...handlersOf(refusing("/*", noSuchPath), guards));
}

type Handled = Pick<Route, "role" | "action" | "path" | "respond">;

function handlersOf(one: Handled, guards: Protections): Middleware[] {
  return [
    async (c, next) => {
      c.set("route", one.path);
      await next();
      audit(guards.logger, one, c, c.res);
    },
    admitting(one, guards),
    ...guards.limits,
    async (c) => one.respond(c, guards.maxBodyBytes),
  ];
}

function admitting({ role }: Pick<Route, "role">, { gate, guesses, taskHub }: Protections): Middleware {
  return async (c, next) => {
    if (role !== "anyone") {
      try {
        const caller = await gate.admit(c);
        c.set("caller", caller);
        assertMay(caller, role);
      } catch (error) {
        return guesses(c, () => Promise.reject(toError(error)));
      }
      assertHub(c, taskHub);
    }
    return next();
  };
}

function assertHub(c: ApiContext, taskHub: string | undefined): void {
  const asked = c.req.query("taskHub");
  if (taskHub === undefined || asked === undefined || asked.toLowerCase() === taskHub.toLowerCase()) return;
  throw new Refusal(
    400,
    "InvalidArgument",
    `This server is for the task hub '${taskHub}': ask that of the other one.`,
  );
}

const answerHeaders: Middleware = async (c, next) => {
  await next();
  c.header("x-content-type-options", "nosniff");
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
};

function refusing(path: string, refusal: () => Refusal): Handled {
  return { role: "reader", action: undefined, path, respond: () => Promise.reject(refusal()) };
}

function wrongMethod(routes: readonly Route[]): Refusal {
  const methods = routes.flatMap(({ method }) =>
    method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()],
  );
  const allow = methods.join(", ");
  return new Refusal(405, "MethodNotAllowed", `This path takes ${allow}.`, { headers: { allow } });
}

function noSuchPath(): Refusal {
  return new Refusal(
    404,
    "NotFound",
    "The management API has no such path. Its openapi.json lists them all.",
  );
}
