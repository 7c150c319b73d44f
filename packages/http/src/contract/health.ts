import { z } from "@hono/zod-openapi";

export const healthReport = z
  .object({
    status: z.enum(["live", "ready", "notReady"]),
    checks: z
      .record(z.string(), z.enum(["ok", "failed"]))
      .exactOptional()
      .openapi({ description: "`storage`, and those the server was given." }),
  })
  .openapi("HealthReport");
export type HealthReport = z.output<typeof healthReport>;
