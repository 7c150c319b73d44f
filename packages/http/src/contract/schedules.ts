import { z } from "@hono/zod-openapi";
import { MOST_ITEMS, RUN_OVERLAP_POLICIES } from "@perdure/schedules";
import type { RunOverlapPolicy } from "@perdure/schedules";
import { bodyDuration, moment, pageQuery, query, queryCount, tags, timestamp } from "./values";

const overlapPolicy = z
  .enum(RUN_OVERLAP_POLICIES as readonly [RunOverlapPolicy, ...RunOverlapPolicy[]])
  .openapi("RunOverlapPolicy");

function oneOrMore<T extends z.ZodType>(item: T): z.ZodUnion<[T, z.ZodReadonly<z.ZodArray<T>>]> {
  return z.union([item, z.array(item).max(MOST_ITEMS).readonly()]);
}

const calendarRange = z.strictObject({
  from: z.number().exactOptional(),
  to: z.number().exactOptional(),
  step: z.number().exactOptional(),
});
const calendarField = oneOrMore(z.union([z.number(), calendarRange]));
const calendar = z
  .strictObject({
    second: calendarField.exactOptional(),
    minute: calendarField.exactOptional(),
    hour: calendarField.exactOptional(),
    dayOfMonth: calendarField.exactOptional(),
    month: calendarField.exactOptional(),
    dayOfWeek: calendarField.exactOptional(),
    year: calendarField.exactOptional(),
  })
  .openapi("Calendar");

const exclusions = z.strictObject({
  cron: oneOrMore(z.string()).exactOptional(),
  calendar: oneOrMore(calendar).exactOptional(),
  dates: z.array(z.string()).max(MOST_ITEMS).readonly().exactOptional(),
});

/** When it ticks. */
const scheduleSpec = z
  .strictObject({
    cron: oneOrMore(z.string()).exactOptional().openapi({ example: "30 2 * * *" }),
    every: oneOrMore(
      z.strictObject({ interval: bodyDuration, offset: bodyDuration.exactOptional() }),
    ).exactOptional(),
    calendar: oneOrMore(calendar).exactOptional(),
    exclude: exclusions.exactOptional(),
    timeZone: z.string().exactOptional().openapi({ example: "Europe/Paris" }),
    gap: z.enum(["earlier", "later", "skip"]).exactOptional(),
    overlap: z.enum(["earlier", "later", "both"]).exactOptional(),
    startAt: z.union([z.number(), moment]).exactOptional(),
    endAt: z.union([z.number(), moment]).exactOptional(),
    jitter: bodyDuration.exactOptional(),
  })
  .openapi("ScheduleSpec");

const changes = {
  input: z.unknown(),
  spec: scheduleSpec.exactOptional(),
  tags: tags.exactOptional(),
  version: z.string().exactOptional(),
  overlapPolicy: overlapPolicy.exactOptional(),
  cancelEvent: z.string().exactOptional(),
  catchUpWindow: bodyDuration.exactOptional(),
  maxCatchUp: z.number().exactOptional(),
  maxRuns: z.number().exactOptional(),
  note: z.string().exactOptional(),
};

export const createScheduleBody = z
  .strictObject({
    ...changes,
    id: z.string(),
    orchestration: z.string(),
    spec: scheduleSpec,
    paused: z.boolean().exactOptional(),
  })
  .partial({ input: true })
  .openapi("CreateSchedule");

/** `null` takes away what a schedule can be without. */
export const updateScheduleBody = z
  .strictObject({
    ...changes,
    tags: tags.nullable().exactOptional(),
    version: z.string().nullable().exactOptional(),
    maxRuns: z.number().nullable().exactOptional(),
    note: z.string().nullable().exactOptional(),
  })
  .partial({ input: true })
  .openapi("UpdateSchedule");

export const backfillBody = z
  .strictObject({ from: moment, to: moment, overlapPolicy: overlapPolicy.exactOptional() })
  .openapi("Backfill");

export const triggerQuery = query({ overlapPolicy: overlapPolicy.optional() });

export const scheduleListQuery = query(pageQuery);

export const scheduleQuery = query({
  nextTimes: queryCount(0, 1000)
    .optional()
    .openapi({ description: "How many times to come to tell. Default: 5." }),
});

const decision = z.object({
  at: timestamp,
  scheduledTime: timestamp,
  outcome: z.enum(["started", "buffered", "skipped", "missed", "duplicate"]),
  instanceId: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  count: z.number().exactOptional(),
});

export const scheduleDetails = z
  .object({
    id: z.string(),
    status: z.enum(["active", "paused", "ended", "stuck"]),
    orchestration: z.string(),
    input: z.unknown(),
    tags: tags.exactOptional(),
    version: z.string().exactOptional(),
    spec: z.looseObject({ timeZone: z.string() }).openapi({ description: "In its one form for storage." }),
    overlapPolicy,
    catchUpWindow: z.number().openapi({ description: "Milliseconds." }),
    maxCatchUp: z.number(),
    maxRuns: z.number().exactOptional(),
    note: z.string().exactOptional(),
    pausedReason: z.string().exactOptional(),
    createdAt: timestamp,
    nextTimes: z.array(timestamp).openapi({ description: "When the next runs start, jitter included." }),
    running: z.array(z.string()).openapi({ description: "Instance ids." }),
    buffered: z.array(z.string()).openapi({ description: "Instance ids." }),
    counts: z.object({ started: z.number(), skipped: z.number(), missed: z.number() }),
    recent: z.array(decision).openapi({ description: "The last twenty decisions, newest last." }),
  })
  .partial({ input: true })
  .openapi("ScheduleDetails");
/** A schedule as it stands. Times are ISO 8601, UTC. */
export type ScheduleDetails = z.output<typeof scheduleDetails>;
