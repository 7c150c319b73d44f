import { z } from "@hono/zod-openapi";

/** What is wrong with which part of a request. */
const issue = z.object({
  in: z.enum(["path", "query", "header", "body"]),
  path: z.string().openapi({ example: "createdTimeFrom" }),
  message: z.string(),
});

export const errorBody = z
  .object({
    code: z
      .string()
      .openapi({ description: "Stable: match on it, never on the message.", example: "InstanceNotFound" }),
    message: z.string(),
    Message: z.string().openapi({ description: "The same, where clients of Durable Functions look for it." }),
    instanceId: z.string().exactOptional(),
    scheduleId: z.string().exactOptional(),
    timerId: z.number().exactOptional(),
    status: z.string().exactOptional().openapi({ description: "Of the instance." }),
    issues: z.array(issue).exactOptional(),
    errorId: z.string().exactOptional().openapi({ description: "Under which the server's log tells more." }),
  })
  .openapi("Error");
export type ErrorBody = z.output<typeof errorBody>;
export type Issue = z.output<typeof issue>;
