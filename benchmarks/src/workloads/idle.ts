import { Bench } from "../bench";
import { idleProcess } from "../idle/idle-process";
import { usageOver } from "../idle/usage";
import type { Outcome } from "../results";
import type { Setting } from "../setting";
import { Sleepers } from "../sleepers";
import { counted } from "../workload";
import type { Workload } from "../workload";

const DAY_MS = 86_400_000;

/** Beside an empty hub, which shows what the process needs without any sleeper. */
export const idleWorkload: Workload = {
  id: "W5",
  title:
    "idle: instances asleep until tomorrow, a worker process freshly started on them (memory: this process)",
  cases: (setting) =>
    [0, size(setting)].map((sleepers) => ({
      name: `${counted(sleepers)} asleep`,
      run: () => run(setting, sleepers),
    })),
};

function size({ backend, quick }: Setting): number {
  if (quick) return 50;
  return backend === "azurite" ? 500 : 100_000;
}

function run(setting: Setting, count: number): Promise<Outcome> {
  const seconds = setting.quick ? 3 : count === 0 ? 10 : 30;
  const sleepers = new Sleepers(count);
  const definitions = { orchestrations: [sleepers.orchestration] };
  return Bench.run(setting, definitions, async (bench) => {
    const tomorrow = Date.now() + DAY_MS;
    const { startedIn } = await sleepers.start(bench.client, () => tomorrow);
    await sleepers.assertAsleep(bench.client);

    const { remote } = bench.hub;
    if (remote) await bench.stop();
    else await bench.restart();
    const usage = await (remote ? idleProcess(remote, seconds) : usageOver(seconds));

    if (remote) await bench.restart();
    await sleepers.assertAsleep(bench.client); // none was lost, none has woken
    const started = count > 0 ? { startsPerSecond: count / startedIn } : {};
    return { size: { asleep: count, seconds }, figures: { ...started, ...usage } };
  });
}
