import { z } from "@hono/zod-openapi";

const instanceId = z.string().openapi({
  param: { name: "instanceId", in: "path" },
  description:
    '1 to 256 characters, none of / \\ # ? and no control characters, no leading @, not "." or "..".',
  example: "order-1",
});

const name = z.string().openapi({ param: { name: "name", in: "path" }, example: "purchase" });

export const instanceParams = z.object({ instanceId });
export const nameParams = z.object({ name });
export const nameAndInstanceParams = z.object({ name, instanceId });
export const eventParams = z.object({
  instanceId,
  eventName: z.string().openapi({ param: { name: "eventName", in: "path" }, example: "approval" }),
});
export const timerParams = z.object({
  instanceId,
  timerId: z
    .string()
    .regex(/^-?\d{1,9}$/, "give a whole number")
    .transform(Number)
    .openapi({ param: { name: "timerId", in: "path" }, type: "integer" }),
});
export const scheduleParams = z.object({
  scheduleId: z.string().openapi({ param: { name: "scheduleId", in: "path" }, example: "nightly" }),
});
export const deadLetterParams = z.object({
  deadLetterId: z.string().openapi({ param: { name: "deadLetterId", in: "path" } }),
});
export const tokenParams = z.object({
  token: z.string().openapi({ param: { name: "token", in: "path" } }),
});
