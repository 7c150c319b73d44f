import { performance } from "node:perf_hooks";
import { defineEvent, defineOrchestration } from "perdure";
import { Bench } from "../bench";
import { closedLoop } from "../closed-loop";
import { requestsOf } from "../requests";
import type { Outcome } from "../results";
import type { Setting } from "../setting";
import { assertEqual, counted } from "../workload";
import type { Workload } from "../workload";

const added = defineEvent<number>("added");

const adder = defineOrchestration("adder", function* (ctx, events: number) {
  let sum = 0;
  for (let i = 0; i < events; i++) sum += yield* ctx.waitForExternalEvent(added);
  return sum;
});

const IN_FLIGHT = 100;

export const eventsWorkload: Workload = {
  id: "W6",
  title: `external events: so many into one orchestration, ${IN_FLIGHT} being raised at a time`,
  cases: (setting) => [{ name: `${counted(size(setting))} events`, run: () => run(setting, size(setting)) }],
};

function size({ backend, quick }: Setting): number {
  if (quick) return 200;
  return backend === "azurite" ? 500 : 10_000;
}

function run(setting: Setting, events: number): Promise<Outcome> {
  return Bench.run(setting, { orchestrations: [adder] }, async (bench) => {
    const { result, requests } = await bench.counting(async () => {
      const instance = await bench.client.startNew(adder, events);
      await instance.waitForStart();
      const begunAt = performance.now();
      const { elapsedMs } = await closedLoop(events, IN_FLIGHT, (index) => instance.raiseEvent(added, index));
      const sum = await instance.result({ timeout: "10m" });
      const allMs = performance.now() - begunAt;
      assertEqual("The events add up to", sum, (events * (events - 1)) / 2);
      return { raisedMs: elapsedMs, allMs };
    });

    const { figures, ...byKind } = requestsOf(requests, 1);
    return {
      size: { events },
      figures: {
        raisesPerSecond: (events / result.raisedMs) * 1000,
        eventsPerSecond: (events / result.allMs) * 1000,
        ...figures,
      },
      ...byKind,
    };
  });
}
