import { defineActivity, defineOrchestration } from "perdure";
import type { Client } from "perdure";
import { Bench } from "../bench";
import { closedLoop } from "../closed-loop";
import { requestsOf } from "../requests";
import type { Outcome } from "../results";
import type { Setting } from "../setting";
import { percentile } from "../statistics";
import { assertEqual } from "../workload";
import type { Workload } from "../workload";

const increment = defineActivity("increment", (_ctx, value: number) => value + 1);

const hello = defineOrchestration("hello", function* (ctx, value: number) {
  for (let i = 0; i < 3; i++) value = yield* ctx.callActivity(increment, value);
  return value;
});

const IN_FLIGHT = [1, 10, 100, 1000];
/** A thousand in flight need more orchestrations than that for a steady state. */
const LEAST_ORCHESTRATIONS = 2000;
const ROUNDS = 10;
const LIMIT_MS = 15_000;
const WARM_UP = 500;

export const helloWorkload: Workload = {
  id: "W1",
  title: "hello sequence: three trivial activities in sequence, so many orchestrations in flight",
  cases: (setting) =>
    inFlightOf(setting).map((inFlight) => ({
      name: inFlight === 1 ? "one at a time" : `${inFlight} in flight`,
      run: () => run(setting, inFlight),
    })),
};

function inFlightOf({ backend, quick }: Setting): readonly number[] {
  return quick && backend === "azurite" ? IN_FLIGHT.filter((inFlight) => inFlight <= 10) : IN_FLIGHT;
}

/** In a closed loop, until all have run or the time is over. */
function run(setting: Setting, inFlight: number): Promise<Outcome> {
  const { quick } = setting;
  const wanted = quick ? Math.max(100, inFlight) : Math.max(LEAST_ORCHESTRATIONS, ROUNDS * inFlight);
  const limitMs = quick ? LIMIT_MS / 5 : LIMIT_MS;
  return Bench.run(setting, { orchestrations: [hello], activities: [increment] }, async (bench) => {
    const work = (index: number): Promise<void> => runOne(bench.client, index);
    await closedLoop(Math.min(wanted, WARM_UP), inFlight, work, limitMs / 3);

    const { result, requests } = await bench.counting(() => closedLoop(wanted, inFlight, work, limitMs));

    const orchestrations = result.latenciesMs.length;
    const { figures, ...byKind } = requestsOf(requests, orchestrations);
    return {
      size: { "in flight": inFlight, orchestrations },
      figures: {
        orchestrationsPerSecond: (orchestrations / result.elapsedMs) * 1000,
        p50Ms: percentile(result.latenciesMs, 50),
        p99Ms: percentile(result.latenciesMs, 99),
        ...figures,
      },
      ...byKind,
    };
  });
}

async function runOne(client: Client, value: number): Promise<void> {
  const instance = await client.startNew(hello, value);
  assertEqual("A hello sequence returned", await instance.result({ timeout: "10m" }), value + 3);
}
