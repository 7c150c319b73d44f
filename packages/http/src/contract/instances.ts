/** Instances, as requests name them and answers tell of them. */
import { z } from "@hono/zod-openapi";
import { RUNTIME_STATUSES } from "@perdure/core";
import type { FailureDetails, TerminalStatus } from "@perdure/core";
import {
  CONTINUATION_HEADER,
  moment,
  pageQuery,
  query,
  queryBoolean,
  queryDuration,
  queryStatuses,
  queryTags,
  runtimeStatus,
  secondsTimestamp,
  tags,
  timestamp,
} from "./values";

const failureDetails: z.ZodType<FailureDetails> = z
  .object({
    errorType: z.string(),
    errorMessage: z.string(),
    stackTrace: z.string().exactOptional(),
    get innerFailure() {
      return failureDetails.exactOptional();
    },
    isNonRetriable: z.boolean().exactOptional(),
    data: z.string().exactOptional().openapi({ description: "JSON text." }),
  })
  .openapi("FailureDetails");

const blockedReason = z.object({
  kind: z.enum(["NonDeterminism", "UnknownOrchestration"]),
  message: z.string(),
  expected: z.string().exactOptional(),
  actual: z.string().exactOptional(),
});

const parentInstance = z.object({
  name: z.string(),
  instanceId: z.string(),
  executionId: z.string(),
  taskScheduledId: z.number(),
});

/** One step of a history as Durable Functions shows it: what was scheduled and what came of it are one entry. */
export const historyEntry = z
  .object({
    EventType: z.string(),
    Timestamp: timestamp,
    FunctionName: z.string().exactOptional(),
    ScheduledTime: timestamp.exactOptional(),
    Name: z.string().exactOptional(),
    FireAt: timestamp.exactOptional(),
    Input: z.unknown(),
    Result: z.unknown(),
    Reason: z.string().exactOptional(),
    Details: z.string().exactOptional(),
    OrchestrationStatus: z.string().exactOptional(),
  })
  .partial({ Input: true, Result: true })
  .openapi("HistoryEntry");
export type HistoryEntry = z.output<typeof historyEntry>;

export const instanceDetails = z
  .object({
    name: z.string().openapi({ description: "Of the orchestration." }),
    instanceId: z.string(),
    runtimeStatus,
    input: z.unknown().openapi({ description: "null when there is none, or it was not asked for." }),
    customStatus: z.unknown(),
    output: z
      .unknown()
      .openapi({ description: "Of a failed instance the message, of a terminated one the reason." }),
    createdTime: secondsTimestamp,
    lastUpdatedTime: secondsTimestamp,
    historyEvents: z.array(historyEntry).exactOptional(),
    executionId: z.string().openapi({
      description: "Changes with continue-as-new, with a rewind, and when the id is used again.",
    }),
    version: z.string().exactOptional(),
    createdAt: timestamp,
    lastUpdatedAt: timestamp,
    completedAt: timestamp.exactOptional(),
    scheduledStartTime: timestamp.exactOptional(),
    nextTimerAt: timestamp.exactOptional(),
    awaitedEvents: z
      .array(z.object({ name: z.string(), since: timestamp }))
      .exactOptional()
      .openapi({ description: "External events its code waits for, the oldest few. Not in lists." }),
    startedBy: z.string().exactOptional(),
    parent: parentInstance.exactOptional(),
    tags: tags.exactOptional(),
    failure: failureDetails.exactOptional(),
    blocked: blockedReason.exactOptional(),
  })
  .openapi("InstanceDetails");
/** An instance as it stands. Times are ISO 8601, UTC. */
export type InstanceDetails = z.output<typeof instanceDetails>;

/** Where an instance is asked about and told things. */
export const managementPayload = z
  .object({
    id: z.string(),
    statusQueryGetUri: z.url(),
    sendEventPostUri: z.url().openapi({ description: "With `{eventName}` to be replaced." }),
    terminatePostUri: z.url(),
    rewindPostUri: z.url(),
    purgeHistoryDeleteUri: z.url(),
    restartPostUri: z.url(),
    suspendPostUri: z.url(),
    resumePostUri: z.url(),
    resultGetUri: z.url(),
    changesGetUri: z.url(),
    historyGetUri: z.url(),
  })
  .openapi("ManagementPayload");
export type ManagementPayload = z.output<typeof managementPayload>;

export const startedInstance = managementPayload
  .extend({ created: z.boolean().openapi({ description: "False when it was there already." }) })
  .openapi("StartedInstance");
export type StartedInstance = z.output<typeof startedInstance>;

const REUSABLE = ["Completed", "Failed", "Terminated", "None"] as const;

export const startQuery = query({
  timeout: queryDuration
    .optional()
    .openapi({ description: "How long the answer waits for the end, 1 h at most. Default: not at all." }),
  pollingInterval: queryDuration.optional().openapi({
    description: "Accepted for Durable Functions; waiting here does not poll by it.",
  }),
  startAt: moment
    .optional()
    .openapi({ description: "No code of the instance runs before. Not with `delay`." }),
  delay: queryDuration.optional().openapi({ description: "As `startAt`, counted from now." }),
  version: z.string().optional(),
  tag: queryTags.optional(),
  reuse: queryStatuses(REUSABLE)
    .optional()
    .openapi({ description: "Statuses in which an instance of this id is replaced; None: never." }),
  ifExists: z
    .enum(["fail", "attach"])
    .optional()
    .openapi({ description: "fail: 409 when the id is taken. attach: answer for the instance there is." }),
});

export const IDEMPOTENCY_HEADER = "idempotency-key";

export const idempotencyHeaders = z.object({
  [IDEMPOTENCY_HEADER]: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .openapi({ description: "A repeat of the request with the same key has no further effect." }),
});

/** Which instances; all conditions must hold. */
const filterQuery = {
  name: z.string().min(1).optional().openapi({ description: "Of the orchestration, exactly." }),
  instanceIdPrefix: z.string().min(1).optional(),
  createdTimeFrom: moment.optional().openapi({ description: "Inclusive." }),
  createdTimeTo: moment.optional().openapi({ description: "Exclusive." }),
  tag: queryTags.optional(),
};

/** Statuses that Durable Functions has and we have not: nothing is ever in them. */
const FOREIGN_STATUSES = ["ContinuedAsNew", "Canceled"] as const;

const statusesFilter = queryStatuses([...RUNTIME_STATUSES, ...FOREIGN_STATUSES]).optional();

export const listQuery = query({
  ...filterQuery,
  runtimeStatus: statusesFilter,
  showInput: queryBoolean.optional().openapi({ description: "Inputs and outputs, too. Default: false." }),
  ...pageQuery,
});

export const changesQuery = query({
  ...filterQuery,
  runtimeStatus: statusesFilter,
  since: z
    .enum(["now", "all"])
    .optional()
    .openapi({ description: "all: first every instance that matches. Default: now, only what changes." }),
});

const PURGEABLE: readonly (TerminalStatus | "Canceled")[] = ["Completed", "Failed", "Terminated", "Canceled"];

export const purgeManyQuery = query({
  ...filterQuery,
  createdTimeFrom: moment.openapi({
    description: "Inclusive. Required, so that nobody deletes all by mistake.",
  }),
  runtimeStatus: queryStatuses(PURGEABLE).optional(),
  dryRun: queryBoolean.optional().openapi({ description: "Only counts what would be deleted." }),
  timeout: queryDuration
    .optional()
    .openapi({ description: "After it the answer says how far it came. Default: 30s; 1h at most." }),
});

export const purgeOneQuery = query({
  recursive: queryBoolean.optional().openapi({ description: "Sub-orchestrations, too." }),
  dryRun: queryBoolean.optional().openapi({ description: "Only says whether it would be deleted." }),
});

export const purgeOutcome = z
  .object({
    instancesDeleted: z.number().int(),
    instancesMatched: z
      .number()
      .int()
      .exactOptional()
      .openapi({ description: "Set by a dry run: how many would be deleted." }),
    isComplete: z.boolean().openapi({
      description: `False: time ran out. Repeat with the ${CONTINUATION_HEADER} of this answer, if it has one.`,
    }),
  })
  .openapi("PurgeOutcome");
export type PurgeOutcome = z.output<typeof purgeOutcome>;

export const statusQuery = query({
  showInput: queryBoolean.optional().openapi({ description: "Default: true." }),
  showHistory: queryBoolean.optional(),
  showHistoryOutput: queryBoolean.optional().openapi({ description: "Results within the history, too." }),
  returnInternalServerErrorOnFailure: queryBoolean
    .optional()
    .openapi({ description: "500 instead of 200 for a failed instance." }),
});

export const terminateQuery = query({
  reason: z.string().max(4096).optional(),
  recursive: queryBoolean.optional().openapi({ description: "Running sub-orchestrations, too." }),
});

export const restartQuery = query({
  restartWithNewInstanceId: queryBoolean.optional().openapi({ description: "Default: true." }),
  newInstanceId: z.string().optional().openapi({ description: "The id to start it under." }),
});

export const resultQuery = query({
  timeout: queryDuration
    .optional()
    .openapi({ description: "How long to wait for the end. Default: 30s; 1h at most." }),
});

/** The committed events of one generation. */
export const instanceHistory = z
  .object({
    instanceId: z.string(),
    events: z.array(z.looseObject({ type: z.string(), timestamp: z.number() })).openapi({
      description: "As they are stored: payloads are JSON text, times are milliseconds since the epoch.",
    }),
  })
  .openapi("InstanceHistory");

/** A message of a change feed. */
export const instanceChange = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("changed"), instance: instanceDetails }),
    z.object({ kind: z.literal("gone"), instanceId: z.string() }),
  ])
  .openapi("InstanceChange");
/** `gone`: it was purged, or does not match the filter any more. */
export type InstanceChange = z.output<typeof instanceChange>;
