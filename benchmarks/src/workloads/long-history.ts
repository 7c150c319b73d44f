import { performance } from "node:perf_hooks";
import { defineActivity, defineOrchestration } from "perdure";
import type { Client } from "perdure";
import { Bench } from "../bench";
import { requestsOf } from "../requests";
import type { Outcome } from "../results";
import type { Setting } from "../setting";
import { assertEqual, counted } from "../workload";
import type { Workload } from "../workload";

const increment = defineActivity("increment", (_ctx, value: number) => value + 1);

const longSequence = defineOrchestration("long-sequence", function* (ctx, steps: number) {
  let value = 0;
  for (let i = 0; i < steps; i++) value = yield* ctx.callActivity(increment, value);
  return value;
});

const WARM_UP = 200;

export const longHistoryWorkload: Workload = {
  id: "W4",
  title: "long history: one orchestration, so many trivial activities in sequence",
  cases: (setting) =>
    sizes(setting).map((steps) => ({ name: `${counted(steps)} steps`, run: () => run(setting, steps) })),
};

function sizes({ backend, quick }: Setting): readonly number[] {
  if (quick) return [100];
  return backend === "azurite" ? [1000] : [1000, 5000, 10_000];
}

function run(setting: Setting, steps: number): Promise<Outcome> {
  return Bench.run(setting, { orchestrations: [longSequence], activities: [increment] }, async (bench) => {
    await runOne(bench.client, Math.min(WARM_UP, steps));

    const { result: seconds, requests } = await bench.counting(() => runOne(bench.client, steps));

    const { figures, ...byKind } = requestsOf(requests, 1);
    return {
      size: { steps },
      figures: { seconds, msPerStep: (seconds * 1000) / steps, ...figures },
      ...byKind,
    };
  });
}

/** Resolves with the seconds it took. */
async function runOne(client: Client, steps: number): Promise<number> {
  const startedAt = performance.now();
  const instance = await client.startNew(longSequence, steps);
  const value = await instance.result({ timeout: "10m" });
  const seconds = (performance.now() - startedAt) / 1000;
  assertEqual("A long sequence returned", value, steps);
  return seconds;
}
