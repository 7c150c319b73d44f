import { performance } from "node:perf_hooks";
import { defineOrchestration } from "perdure";
import type { Client, PendingTimer } from "perdure";
import { Bench } from "../bench";
import { closedLoop } from "../closed-loop";
import { idleProcess } from "../idle/idle-process";
import { usageOver } from "../idle/usage";
import type { Outcome } from "../results";
import type { Setting } from "../setting";
import { assertEqual, counted } from "../workload";
import type { Workload } from "../workload";

const DAY_MS = 86_400_000;
const IN_FLIGHT = 10;
/** An operator looks at the first page. */
const LISTED = 100;

interface Size {
  readonly instances: number;
  readonly timersEach: number;
}

interface Plan {
  readonly timers: number;
  /** Milliseconds since the epoch. */
  readonly from: number;
}

/** Its timers are due in the course of a day. */
const patient = defineOrchestration("patient", function* (ctx, { timers, from }: Plan) {
  const all = Array.from({ length: timers }, (_, n) =>
    ctx.createTimer(new Date(from + Math.floor((n * DAY_MS) / timers)), { name: `timer ${n}` }),
  );
  yield* ctx.all(all);
});

export const manyTimersWorkload: Workload = {
  id: "W8",
  title:
    "pending timers: so many due in the course of tomorrow, listed, and a worker process freshly started on them (memory: this process)",
  cases: (setting) => {
    const size = sizeFor(setting);
    return [{ name: `${counted(size.instances * size.timersEach)} timers`, run: () => run(setting, size) }];
  },
};

function sizeFor({ backend, quick }: Setting): Size {
  if (quick) return { instances: 10, timersEach: 20 };
  return backend === "azurite" ? { instances: 50, timersEach: 100 } : { instances: 1000, timersEach: 1000 };
}

function run(setting: Setting, { instances, timersEach }: Size): Promise<Outcome> {
  const seconds = setting.quick ? 3 : 30;
  return Bench.run(setting, { orchestrations: [patient] }, async (bench) => {
    const from = Date.now() + DAY_MS;
    const { elapsedMs } = await closedLoop(instances, IN_FLIGHT, async (index) => {
      const handle = await bench.client.startNew(
        patient,
        { timers: timersEach, from },
        { instanceId: `patient-${index}` },
      );
      await handle.waitForStart({ timeout: "2m" });
    });
    const listMs = await timeOfListing(bench.client, new Date(from + DAY_MS), instances * timersEach);

    const { remote } = bench.hub;
    if (remote) await bench.stop();
    else await bench.restart();
    const usage = await (remote ? idleProcess(remote, seconds) : usageOver(seconds));
    if (remote) await bench.restart();

    const pending = await bench.client.timers.of(`patient-${instances - 1}`);
    assertEqual("Timers pending after the restart", pending.length, timersEach);
    const timers = instances * timersEach;
    return {
      size: { timers, instances, seconds },
      figures: { timersPerSecond: (timers / elapsedMs) * 1000, listMs, ...usage },
    };
  });
}

/** Until the first page of what is due before a time is there. */
async function timeOfListing(client: Client, dueBefore: Date, timers: number): Promise<number> {
  const begunAt = performance.now();
  const listed: PendingTimer[] = [];
  for await (const timer of client.timers.list({ dueBefore })) {
    listed.push(timer);
    if (listed.length === LISTED) break;
  }
  assertEqual("Timers listed", listed.length, Math.min(LISTED, timers));
  return performance.now() - begunAt;
}
