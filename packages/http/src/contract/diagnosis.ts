import { z } from "@hono/zod-openapi";
import type { Explanation } from "@perdure/client";
import { FINDING_KINDS } from "@perdure/core";
import type { Finding, FindingKind } from "@perdure/core";
import { query, queryCount, queryDuration, runtimeStatus, timestamp } from "./values";

/** As JSON has it: dates are ISO 8601 texts. */
export type AsJson<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly AsJson<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: AsJson<T[K]> }
      : T;

/** One trouble of the hub. Times are ISO 8601, UTC. */
export type FindingDetails = AsJson<Finding>;

/** Why an instance does not go on, or that it does. Times are ISO 8601, UTC. */
export type ExplanationDetails = AsJson<Explanation>;

const grace = queryDuration
  .optional()
  .openapi({ description: "What has not changed for this long may be called lost. Default: 1m." });

export const explainQuery = query({ grace });

export const doctorQuery = query({
  grace,
  limit: queryCount(1, 1_000_000)
    .optional()
    .openapi({ description: "Most things of each sort to look at. Default: 10,000." }),
});

const findingDetails = z
  .looseObject({
    kind: z.enum(FINDING_KINDS as readonly [FindingKind, ...FindingKind[]]),
    severity: z.enum(["error", "warning", "info"]),
    subject: z.looseObject({ type: z.string(), id: z.string() }),
    instanceId: z.string().exactOptional(),
    since: timestamp.exactOptional(),
    message: z.string(),
    advice: z.string(),
    fixable: z.boolean(),
    fix: z.object({ done: z.boolean(), message: z.string() }).exactOptional(),
  })
  .openapi("Finding");

export const doctorAnswer = z.object({ findings: z.array(findingDetails) }).openapi("DoctorAnswer");

export const explanation = z
  .looseObject({
    instanceId: z.string(),
    executionId: z.string(),
    name: z.string(),
    status: runtimeStatus,
    verdict: z.string(),
    next: z.string(),
    since: timestamp,
    createdAt: timestamp,
    lastUpdatedAt: timestamp,
    waitsFor: z.array(z.looseObject({ kind: z.string(), since: timestamp })),
    waitingMessages: z.number(),
    deliveryCount: z.number(),
    deadLetters: z.array(z.looseObject({ id: z.string(), reason: z.string() })),
    findings: z.array(findingDetails),
  })
  .openapi("Explanation");
