/** An orchestration made of others: one child per region, side by side. Each child is an instance of its own. */
import { setTimeout as sleep } from "node:timers/promises";
import { defineActivity, defineOrchestration } from "perdure";
import { newId } from "./sample";
import type { Sample } from "./sample";

const QUARTERS = [1, 2, 3, 4] as const;

export const readSales = defineActivity(
  "readSales",
  async (ctx, { region, quarter }: { readonly region: string; readonly quarter: number }) => {
    await sleep(500, undefined, { signal: ctx.signal }); // a slow database
    return region.length * 100 + quarter * 10;
  },
);

export const regionReport = defineOrchestration("regionReport", function* (ctx, region: string) {
  let total = 0;
  for (const quarter of QUARTERS) {
    ctx.setCustomStatus(`reading quarter ${quarter}`);
    total += yield* ctx.callActivity(readSales, { region, quarter });
  }
  return total;
});

export const salesReport = defineOrchestration("salesReport", function* (ctx, regions: readonly string[]) {
  ctx.setCustomStatus(`waits for ${regions.length} regions`);
  const totals = yield* ctx.all(
    regions.map((region) =>
      ctx.callSubOrchestrator(regionReport, region, {
        instanceId: `${ctx.instanceId}-${region}`, // found easily; leave it out and a stable id is derived
        retry: { maxAttempts: 2 },
      }),
    ),
  );
  return Object.fromEntries(regions.map((region, i) => [region, totals[i]]));
});

export const sample: Sample = {
  name: "sub-orchestrations",
  orchestrations: [salesReport, regionReport],
  activities: [readSales],
  async run(client) {
    const regions = ["north", "east", "south"];
    const instance = await client.startNew(salesReport, regions, { instanceId: newId("sales") });
    const totals = await instance.result();
    return [
      Object.entries(totals)
        .map(([region, total]) => `${region} ${total}`)
        .join(", "),
    ];
  },
};
