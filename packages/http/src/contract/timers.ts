import { z } from "@hono/zod-openapi";
import { moment, pageQuery, query, timestamp } from "./values";

const wallClock = z
  .strictObject({
    at: z.string().openapi({ example: "2027-03-28T09:00" }),
    timeZone: z.string().openapi({ example: "Europe/Berlin" }),
    gap: z.enum(["earlier", "later"]).exactOptional(),
    overlap: z.enum(["earlier", "later"]).exactOptional(),
  })
  .openapi("WallClock");

export const timerDetails = z
  .object({
    instanceId: z.string(),
    executionId: z.string(),
    timerId: z.number().int().openapi({ description: "Unique within a generation of an instance." }),
    orchestration: z.string(),
    kind: z.enum(["timer", "start"]).openapi({ description: "start: the instance itself begins then." }),
    fireAt: timestamp,
    createdAt: timestamp,
    name: z.string().exactOptional(),
    wallClock: wallClock.exactOptional(),
  })
  .openapi("TimerDetails");
/** A timer that has neither fired nor been cancelled. Times are ISO 8601, UTC. */
export type TimerDetails = z.output<typeof timerDetails>;

export const timerListQuery = query({
  dueBefore: moment.optional().openapi({ description: "Exclusive." }),
  instanceIdPrefix: z.string().min(1).optional(),
  orchestration: z.string().min(1).optional(),
  ...pageQuery,
});

/** Which generation is meant, which is safer, and why. */
export const timerActionQuery = query({
  reason: z.string().max(4096).optional(),
  executionId: z.string().optional(),
});

export const moveTimerBody = z
  .strictObject({
    when: z.union([z.string(), wallClock]).openapi({
      description: "A time with an offset, a duration from now such as `10m`, or the time on a wall clock.",
      example: "2027-03-28T02:30:00Z",
    }),
  })
  .openapi("MoveTimer");
