import { setTimeout as sleep } from "node:timers/promises";
import { defineActivity, defineEvent, defineOrchestration } from "perdure";
import type { Client, OrchestrationDefinition } from "perdure";
import { Bench } from "../bench";
import { closedLoop } from "../closed-loop";
import { requestsOf } from "../requests";
import type { Outcome } from "../results";
import type { Setting } from "../setting";
import { percentile } from "../statistics";
import { assertEqual, counted } from "../workload";
import type { Workload } from "../workload";

const increment = defineActivity("increment", (_ctx, value: number) => value + 1);
const wake = defineEvent<number>("wake");

/** Each step is three events: the turn, the schedule and the completion. */
const STEPS = 66;
const HISTORY_EVENTS = 200;

const IN_FLIGHT = 100;
const WAKE = 1_000_000;
const LOOK_AGAIN_MS = 20;

type Sleeper = OrchestrationDefinition<number, number>;

/** @param asleep Told when an instance is about to wait; again when the turn is replayed. */
function defineSleeper(asleep: (start: number) => void): Sleeper {
  return defineOrchestration("long-sleeper", function* (ctx, start: number) {
    let value = start;
    for (let i = 0; i < STEPS; i++) value = yield* ctx.callActivity(increment, value);
    asleep(start);
    return value + (yield* ctx.waitForExternalEvent(wake));
  });
}

export const coldWakeWorkload: Workload = {
  id: "W7",
  title: `cold wake: instances with histories of ${HISTORY_EVENTS} events, woken by events after a restart, ${IN_FLIGHT} at a time`,
  cases: (setting) => [
    { name: `${counted(size(setting))} instances`, run: () => run(setting, size(setting)) },
  ],
};

function size({ backend, quick }: Setting): number {
  if (quick) return 10;
  return backend === "azurite" ? 50 : 1000;
}

function run(setting: Setting, instances: number): Promise<Outcome> {
  const asleep = new Set<number>();
  const sleeper = defineSleeper((start) => asleep.add(start));
  return Bench.run(setting, { orchestrations: [sleeper], activities: [increment] }, async (bench) => {
    await closedLoop(instances, IN_FLIGHT, async (index) => {
      await bench.client.startNew(sleeper, index, { instanceId: idOf(index) });
    });
    while (asleep.size < instances) await sleep(LOOK_AGAIN_MS);
    await bench.restart(); // what is not committed yet is, before it stops
    const history = await bench.client.instance(idOf(0)).history();
    if (history.length < HISTORY_EVENTS) throw new Error(`A history has only ${history.length} events.`);

    const { result, requests } = await bench.counting(() =>
      closedLoop(instances, IN_FLIGHT, (index) => wakeUp(bench.client, sleeper, index)),
    );

    const { figures, ...byKind } = requestsOf(requests, instances);
    return {
      size: { instances, "history events": history.length },
      figures: {
        seconds: result.elapsedMs / 1000,
        wakesPerSecond: (instances / result.elapsedMs) * 1000,
        p50Ms: percentile(result.latenciesMs, 50),
        p99Ms: percentile(result.latenciesMs, 99),
        ...figures,
      },
      ...byKind,
    };
  });
}

function idOf(index: number): string {
  return `sleeper-${index}`;
}

async function wakeUp(client: Client, sleeper: Sleeper, index: number): Promise<void> {
  const instance = client.instance(idOf(index), sleeper);
  await instance.raiseEvent(wake, WAKE);
  assertEqual("A sleeper returned", await instance.result({ timeout: "2m" }), index + STEPS + WAKE);
}
