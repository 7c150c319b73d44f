import { performance } from "node:perf_hooks";
import { defineActivity, defineOrchestration } from "perdure";
import type { Client } from "perdure";
import { Bench } from "../bench";
import { requestsOf } from "../requests";
import type { Outcome } from "../results";
import type { Setting } from "../setting";
import { assertEqual, counted } from "../workload";
import type { Workload } from "../workload";

const square = defineActivity("square", (_ctx, value: number) => value * value);

const fanOut = defineOrchestration("fan-out", function* (ctx, activities: number) {
  const tasks = Array.from({ length: activities }, (_, i) => ctx.callActivity(square, i));
  const squares = yield* ctx.all(tasks);
  return squares.reduce((sum, value) => sum + value, 0);
});

const WARM_UP = 100;

export const fanOutWorkload: Workload = {
  id: "W2",
  title: "fan-out: one orchestration that starts trivial activities all at once and adds up their results",
  cases: (setting) =>
    sizes(setting).map((activities) => ({
      name: `${counted(activities)} activities`,
      run: () => run(setting, activities),
    })),
};

function sizes({ backend, quick }: Setting): readonly number[] {
  if (quick) return [200];
  return backend === "azurite" ? [1000] : [1000, 10_000];
}

function run(setting: Setting, activities: number): Promise<Outcome> {
  return Bench.run(setting, { orchestrations: [fanOut], activities: [square] }, async (bench) => {
    await runOne(bench.client, WARM_UP);

    const { result: seconds, requests } = await bench.counting(() => runOne(bench.client, activities));

    const { figures, ...byKind } = requestsOf(requests, 1);
    return {
      size: { activities },
      figures: { seconds, activitiesPerSecond: activities / seconds, ...figures },
      ...byKind,
    };
  });
}

/** Resolves with the seconds it took. */
async function runOne(client: Client, activities: number): Promise<number> {
  const startedAt = performance.now();
  const instance = await client.startNew(fanOut, activities);
  const sum = await instance.result({ timeout: "10m" });
  const seconds = (performance.now() - startedAt) / 1000;
  assertEqual("A fan-out returned", sum, ((activities - 1) * activities * (2 * activities - 1)) / 6);
  return seconds;
}
