/** Values that queries, headers and bodies share. */
import { z } from "@hono/zod-openapi";
import { RUNTIME_STATUSES, durationMs } from "@perdure/core";
import type { RuntimeStatus } from "@perdure/core";

/** What an instance may be. Those of Durable Functions, and `Blocked`. */
export const runtimeStatus = z
  .enum(RUNTIME_STATUSES as readonly [RuntimeStatus, ...RuntimeStatus[]])
  .openapi("RuntimeStatus", {
    description:
      "Blocked: parked because its code and its history disagree, or no worker knows its code. The others are those of Durable Functions.",
  });

/** A time in an answer: ISO 8601, UTC, to the millisecond. */
export const timestamp = z.iso.datetime().openapi({ format: "date-time" });

/** A time in an answer as Durable Functions writes it: to the second. */
export const secondsTimestamp = z.iso
  .datetime({ precision: 0 })
  .openapi({ format: "date-time", example: "2027-03-28T01:00:00Z" });

/** A time in a request: with an offset, or else UTC; a date alone is its midnight, UTC. */
export const moment = z
  .union([z.iso.datetime({ offset: true, local: true }), z.iso.date()], {
    error: "give an ISO 8601 time such as 2027-03-28T02:30:00Z ('+' is written %2B in a query)",
  })
  .transform((text) => new Date(/(Z|[+-]\d{2}:?\d{2})$/.test(text) && text.includes("T") ? text : utc(text)))
  .openapi({ type: "string", format: "date-time" });

function utc(text: string): string {
  return text.includes("T") ? `${text}Z` : `${text}T00:00:00Z`;
}

/** A duration in a query, in milliseconds once read. A bare number is in seconds, as in Durable Functions. */
export const queryDuration = z
  .string()
  .transform((text, ctx) => {
    try {
      return durationMs(/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : text, "the duration");
    } catch {
      ctx.addIssue({ code: "custom", message: 'give seconds, or text such as "30s" or "1h 30m"' });
      return z.NEVER;
    }
  })
  .openapi({ type: "string", example: "30s", description: "Seconds, or text such as `30s` or `1h 30m`." });

/** A duration in a body: milliseconds, or text such as `30s`. */
export const bodyDuration = z
  .union([z.number(), z.string()])
  .openapi({ description: "Milliseconds, or text such as `30s` or `1h 30m`.", example: "30s" });

export const queryBoolean = z
  .string()
  .regex(/^(true|false)$/i, "give true or false")
  .transform((text) => text.toLowerCase() === "true")
  .openapi({ type: "boolean" });

/** A whole number in a query. */
export function queryCount(min: number, max: number): z.ZodType<number, string> {
  const message = `give a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((count) => count >= min && count <= max, message)
    .openapi({ type: "integer", minimum: min, maximum: max });
}

/** Statuses separated by commas, in any case. */
export function queryStatuses<T extends string>(known: readonly T[]): z.ZodType<readonly T[], string> {
  const byLowerCase = new Map(known.map((status) => [status.toLowerCase(), status]));
  return z
    .string()
    .transform((text, ctx) => {
      const statuses = text.split(",").map((part) => byLowerCase.get(part.trim().toLowerCase()));
      if (statuses.every((status) => status !== undefined)) return statuses;
      ctx.addIssue({ code: "custom", message: `give one or more of ${known.join(",")}` });
      return z.NEVER;
    })
    .openapi({ type: "string", example: known.slice(0, 2).join(",") });
}

export const tags = z.record(z.string(), z.string());

/** `tag=team=blue`, as often as there are tags. A name's own `=` and `%` are percent-encoded once more. */
export const queryTags = z
  .array(z.string().regex(/^([^=%]|%[\dA-Fa-f]{2})+=/, "give tags as tag=NAME=VALUE"))
  .transform((pairs, ctx) => {
    try {
      return Object.fromEntries(pairs.map((pair) => tagOf(pair)));
    } catch {
      ctx.addIssue({ code: "custom", message: "has a name that is not encoded right" });
      return z.NEVER;
    }
  })
  .openapi({ type: "array", items: { type: "string" }, example: ["team=blue"] });

/** @throws URIError */
function tagOf(pair: string): [string, string] {
  const at = pair.indexOf("=");
  return [decodeURIComponent(pair.slice(0, at)), pair.slice(at + 1)];
}

/** Parameters that every query may have. */
export const commonQuery = {
  code: z.string().optional().openapi({ description: "An API key. Better given as a header." }),
  taskHub: z
    .string()
    .optional()
    .openapi({ description: "Must be the hub that is served, if that has a name." }),
  connection: z.string().optional().openapi({ description: "Accepted for Durable Functions; not used." }),
};

/** A query of these parameters and the common ones: any other is refused. */
export function query<T extends z.core.$ZodLooseShape>(
  parameters: T,
): z.ZodObject<T & typeof commonQuery, z.core.$strict> {
  return z.strictObject({ ...parameters, ...commonQuery });
}

export const reasonQuery = query({
  reason: z.string().max(4096).optional().openapi({ description: "Why; kept with the instance." }),
});

/** Part of a listing. */
export const pageQuery = {
  top: queryCount(1, 1000).optional().openapi({ description: "Most items on the page. Default: 100." }),
};

export const CONTINUATION_HEADER = "x-ms-continuation-token";

export const pageHeaders = z.object({
  [CONTINUATION_HEADER]: z
    .string()
    .optional()
    .openapi({ description: "Of the page before, for the same filter. Absent: the first page." }),
});
