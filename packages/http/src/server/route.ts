/**
 * A route is one value: what a request may say, who may send it, what it is answered, and the code that does it. From
 * it come the validation, the audit and the OpenAPI document, so that these cannot disagree.
 */
import type { RouteConfig, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { errorBody } from "../contract/errors";
import type { Issue } from "../contract/errors";
import { readBody } from "./body";
import type { ManagementRole, Principal } from "./options";
import { Refusal, badRequest } from "./refusal";

export interface ApiEnv {
  Variables: {
    /** Absent where anyone may ask. */
    caller?: Principal;
    /** What the request is about, for the audit: an instance, a schedule, a dead letter. */
    subject?: string;
    /** The path of the route, for the log: that of the request may hold secrets. */
    route?: string;
  };
}

export type ApiContext = Context<ApiEnv>;

export type Method = "get" | "post" | "patch" | "delete";

/** A body of JSON; one that is not there is `undefined` to the schema. */
export interface BodySpec<B extends z.ZodType> {
  readonly schema: B;
  /** Whether a body must say that it is JSON, and the status of one that does not. Default: any may be JSON. */
  readonly otherTypes?: 400 | 415;
  readonly isOptional?: boolean;
}

export interface AnswerSpec {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default: `application/json`. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteSpec<
  P extends z.ZodType,
  Q extends z.ZodType,
  H extends z.ZodType,
  B extends z.ZodType,
> {
  readonly method: Method;
  /** Below the prefix, with parameters in braces. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly role: ManagementRole | "anyone";
  /** What the audit calls it. Absent: not audited. */
  readonly action?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly headers?: H;
  readonly body?: BodySpec<B>;
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** Statuses of errors beside 400, 401, 403 and 429. */
  readonly errors?: readonly number[];
  readonly handle: (request: Checked<P, Q, H, B>, c: ApiContext) => Response | Promise<Response>;
}

/** What a request says, once it is known to be valid. */
export interface Checked<P extends z.ZodType, Q extends z.ZodType, H extends z.ZodType, B extends z.ZodType> {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly headers: z.output<H>;
  readonly body: z.output<B>;
}

export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly role: ManagementRole | "anyone";
  readonly action: string | undefined;
  readonly config: RouteConfig;
  /** @throws Refusal, and what the hub throws. */
  readonly respond: (c: ApiContext, maxBodyBytes: number) => Promise<Response>;
}

export function route<
  P extends z.ZodType = z.ZodUnknown,
  Q extends z.ZodType = z.ZodUnknown,
  H extends z.ZodType = z.ZodUnknown,
  B extends z.ZodType = z.ZodUnknown,
>(spec: RouteSpec<P, Q, H, B>): Route {
  const { method, path, role, action } = spec;
  return {
    method,
    path,
    role,
    action,
    config: configOf(spec),
    respond: (c, maxBodyBytes) => respond(spec, c, maxBodyBytes),
  };
}

async function respond<P extends z.ZodType, Q extends z.ZodType, H extends z.ZodType, B extends z.ZodType>(
  { params, query, headers, body, handle }: RouteSpec<P, Q, H, B>,
  c: ApiContext,
  maxBodyBytes: number,
): Promise<Response> {
  const checked = {
    params: check(params, c.req.param(), "path"),
    query: check(query, queryOf(c), "query"),
    headers: check(headers, c.req.header(), "header"),
    body: body && check(body.schema, await jsonOf(c, body, maxBodyBytes), "body"),
  };
  return handle(checked as Checked<P, Q, H, B>, c);
}

/** @throws Refusal */
function check(schema: z.ZodType | undefined, value: unknown, where: Issue["in"]): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw badRequest(result.error.issues.map((issue) => describeIssue(issue, schema, where)));
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType, where: Issue["in"]): Issue {
  const path = issue.path.map(String).join(".");
  if (issue.code !== "unrecognized_keys") return { in: where, path, message: issue.message };
  const known = path === "" && "shape" in schema ? Object.keys(schema.shape as object).join(", ") : "";
  const message = known === "" ? "there is no such field" : `there is no such field: give any of ${known}`;
  return { in: where, path: [path, issue.keys.join(",")].filter(Boolean).join("."), message };
}

/** Parameters that may come more than once. */
const LISTS: ReadonlySet<string> = new Set(["tag"]);

/** @throws Refusal for a parameter that comes twice and may not. */
function queryOf(c: ApiContext): Readonly<Record<string, string | readonly string[]>> {
  const entries = Object.entries(c.req.queries());
  const twice = entries.filter(([name, values]) => values.length > 1 && !LISTS.has(name));
  if (twice.length > 0) {
    throw badRequest(twice.map(([path]) => ({ in: "query", path, message: "is given twice: give it once" })));
  }
  return Object.fromEntries(
    entries.map(([name, values]) => [name, LISTS.has(name) ? values : (values[0] ?? "")]),
  );
}

/** @throws Refusal */
async function jsonOf(
  c: ApiContext,
  { otherTypes, isOptional }: BodySpec<z.ZodType>,
  maxBytes: number,
): Promise<unknown> {
  const text = await readBody(c.req.raw, maxBytes);
  const type = c.req.header("content-type");
  const isJson = type !== undefined && /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type);
  const isBare = text.trim() === "";
  if (otherTypes && !isJson && !(isBare && (type === undefined || isOptional))) {
    const code = otherTypes === 415 ? "UnsupportedMediaType" : "InvalidArgument";
    throw new Refusal(otherTypes, code, "The body must be JSON: send it with content-type application/json.");
  }
  if (isBare) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw badRequest([{ in: "body", path: "", message: "is not JSON" }]);
  }
}

const ERROR_TEXTS: Readonly<Record<number, string>> = {
  400: "The request is not valid.",
  401: "No key, or one that is not known.",
  403: "The key does not allow this.",
  404: "There is no such thing.",
  409: "What is there stands in the way.",
  410: "It has ended.",
  413: "The body is too large.",
  415: "The body is not JSON.",
  422: "The key was used for another request.",
  429: "Too many requests.",
  503: "Storage cannot be reached.",
};

function configOf<P extends z.ZodType, Q extends z.ZodType, H extends z.ZodType, B extends z.ZodType>(
  spec: RouteSpec<P, Q, H, B>,
): RouteConfig {
  const { method, path, tag, summary, description, role, params, query, headers, body, answers } = spec;
  const usual = role === "anyone" ? [400, 429] : [400, 401, 403, 429, 503];
  const errors = [...usual, ...(body ? [413] : []), ...(spec.errors ?? [])];
  const request = {
    ...(params && { params: params as unknown as z.ZodObject }),
    ...(query && { query: query as unknown as z.ZodObject }),
    ...(headers && { headers: headers as unknown as z.ZodObject }),
    ...(body && {
      body: { content: { "application/json": { schema: body.schema } }, required: body.isOptional !== true },
    }),
  };
  return {
    method,
    path,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    operationId: operationIdOf(method, path),
    ...(role === "anyone" ? { security: [] } : {}),
    request,
    responses: {
      ...Object.fromEntries(errors.map((status) => [status, responseOf(errorAnswer(status))])),
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])),
    },
  };
}

function errorAnswer(status: number): AnswerSpec {
  return { description: ERROR_TEXTS[status] ?? "An error.", schema: errorBody };
}

function responseOf({ description, schema, type = "application/json", headers }: AnswerSpec): {
  description: string;
} {
  return {
    description,
    ...(schema && { content: { [type]: { schema } } }),
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [
          name,
          { description: text, schema: { type: "string" } },
        ]),
      ),
    }),
  };
}

/** `post /instances/{instanceId}/terminate` is `post_instances_instanceId_terminate`. */
function operationIdOf(method: Method, path: string): string {
  return [method, ...path.split(/[/{}.]+/).filter(Boolean)].join("_");
}
