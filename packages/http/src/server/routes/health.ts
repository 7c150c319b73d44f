import { toError } from "@perdure/core";
import { healthReport } from "../../contract/health";
import type { HealthReport } from "../../contract/health";
import { query as queryOf } from "../../contract/values";
import { route } from "../route";
import type { Route } from "../route";
import type { Services } from "../services";

/** No instance has it; looking for it is a request to storage. */
const PROBE_ID = "perdure.health";
const LONGEST_CHECK_MS = 5000;

export function healthRoutes(services: Services): readonly Route[] {
  return [
    route({
      method: "get",
      path: "/health/live",
      tag: "Health",
      summary: "Whether the process answers at all.",
      role: "anyone",
      query: queryOf({}),
      answers: { 200: { description: "It does.", schema: healthReport } },
      handle: (_, c) => c.json({ status: "live" } satisfies HealthReport),
    }),
    route({
      method: "get",
      path: "/health/ready",
      tag: "Health",
      summary: "Whether it can do its work: it reaches its storage, and what else it was told to look at.",
      role: "anyone",
      query: queryOf({}),
      answers: {
        200: { description: "It can.", schema: healthReport },
        503: { description: "It cannot.", schema: healthReport },
      },
      handle: async (_, c) => {
        const checks = await checkAll(services);
        const isReady = Object.values(checks).every((outcome) => outcome === "ok");
        const report: HealthReport = { status: isReady ? "ready" : "notReady", checks };
        return c.json(report, isReady ? 200 : 503);
      },
    }),
  ];
}

type Checks = NonNullable<HealthReport["checks"]>;

async function checkAll(services: Services): Promise<Checks> {
  const storage = async (): Promise<boolean> => {
    await services.client.get(PROBE_ID);
    return true;
  };
  const entries = Object.entries({ ...services.readiness, storage });
  return Object.fromEntries(
    await Promise.all(
      entries.map(async ([name, check]) => [name, (await holds(name, check, services)) ? "ok" : "failed"]),
    ),
  ) as Checks;
}

async function holds(
  name: string,
  check: () => boolean | Promise<boolean>,
  { clock, logger }: Services,
): Promise<boolean> {
  const answered = new AbortController();
  const late = clock.sleep(LONGEST_CHECK_MS, answered.signal).then(() => false);
  try {
    return await Promise.race([Promise.resolve(check()), late]);
  } catch (error) {
    logger.warn("readiness check failed", { check: name, error: toError(error).message });
    return false;
  } finally {
    answered.abort();
  }
}
