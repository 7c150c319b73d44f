/** A report every night at half past two in Paris. The schedule lives in the hub: any worker keeps it, none is in charge. */
import { setTimeout as sleep } from "node:timers/promises";
import { SCHEDULED_TIME_TAG, defineActivity, defineOrchestration } from "perdure";
import type { ScheduleHandle, ScheduleOptions } from "perdure";
import { newId, until } from "./sample";
import type { Sample } from "./sample";

export interface ReportRequest {
  readonly shop: string;
  readonly timeZone: string;
}

/** Time zones belong in an activity: what Node knows of them changes with its version, a result that is stored does not. */
export const dayBefore = defineActivity(
  "dayBefore",
  (_ctx, { time, timeZone }: { readonly time: string; readonly timeZone: string }) => {
    const day = new Date(Date.parse(time) - 24 * 60 * 60 * 1000);
    return day.toLocaleDateString("en-CA", { timeZone }); // 2030-03-30
  },
);

export const countOrders = defineActivity(
  "countOrders",
  async (ctx, { shop, day }: { readonly shop: string; readonly day: string }) => {
    await sleep(1500, undefined, { signal: ctx.signal }); // a slow database
    return shop.length + Number(day.slice(-2));
  },
);

export const nightlyReport = defineOrchestration("nightlyReport", function* (ctx, request: ReportRequest) {
  const { shop, timeZone } = request;
  // The time of the tick, not of the start: a run that catches up after an outage reports its own night.
  const time = ctx.tags[SCHEDULED_TIME_TAG] ?? ctx.currentUtcDateTime.toISOString();
  const day = yield* ctx.callActivity(dayBefore, { time, timeZone });
  ctx.setCustomStatus({ reportOf: day });
  const orders = yield* ctx.callActivity(countOrders, { shop, day }, { retry: { maxAttempts: 5 } });
  return `${shop} had ${orders} orders on ${day}`;
});

/** Every night, once, also in the nights in which clocks change: 02:30 is moved when it is skipped, and taken once of two. */
export function nightly(id: string, request: ReportRequest): ScheduleOptions<ReportRequest> {
  return {
    id,
    orchestration: nightlyReport,
    input: request,
    spec: {
      cron: "30 2 * * *",
      timeZone: request.timeZone,
      exclude: { calendar: { month: 1, dayOfMonth: 1 } },
    },
    overlapPolicy: "skip",
    catchUpWindow: "12h",
    note: "orders of the day before",
  };
}

export const sample: Sample = {
  name: "nightly-report",
  orchestrations: [nightlyReport],
  activities: [dayBefore, countOrders],
  async run(client) {
    const request: ReportRequest = { shop: "Rue de Rivoli", timeZone: "Europe/Paris" };
    const schedule = await client.schedules.create(nightly(newId("nightly"), request));
    const { nextTimes } = await schedule.describe({ nextTimes: 3 });

    await schedule.trigger(); // nobody here wants to wait until half past two
    const report = await client.instance<string>(await firstRun(schedule)).result();

    await schedule.delete();
    return [
      `next at ${nextTimes.map((time) => `${time.toISOString().slice(0, 16)}Z`).join(", ")}`,
      `triggered by hand: ${report}`,
    ];
  },
};

/** The id of the first instance that a schedule has started. */
function firstRun(schedule: ScheduleHandle): Promise<string> {
  return until(async () => {
    const { recent } = await schedule.describe({ nextTimes: 0 });
    return recent.find(({ outcome }) => outcome === "started")?.instanceId;
  });
}
