import { Bench } from "../bench";
import { requestsOf } from "../requests";
import type { Outcome } from "../results";
import type { Setting } from "../setting";
import { Sleepers } from "../sleepers";
import { percentile } from "../statistics";
import { counted } from "../workload";
import type { Workload } from "../workload";

interface Spread {
  readonly sleepers: number;
  /** Due times lie in so many seconds. */
  readonly seconds: number;
  /** The first is due so many seconds after the first start: time for all to fall asleep. */
  readonly lead: number;
}

export const timersWorkload: Workload = {
  id: "W3",
  title: "timers: orchestrations that sleep until due times spread over some seconds, in no order",
  cases: (setting) =>
    spreads(setting).map((spread) => ({
      name: `${counted(spread.sleepers)} over ${spread.seconds} s`,
      run: () => run(setting, spread),
    })),
};

function spreads({ backend, quick }: Setting): readonly Spread[] {
  if (backend === "azurite") {
    return [quick ? { sleepers: 50, seconds: 2, lead: 10 } : { sleepers: 500, seconds: 20, lead: 60 }];
  }
  if (quick) return [{ sleepers: 200, seconds: 2, lead: 1 }];
  return [
    { sleepers: 10_000, seconds: 20, lead: 5 },
    { sleepers: 20_000, seconds: 10, lead: 15 },
    { sleepers: 100_000, seconds: 30, lead: 60 },
  ];
}

function run(setting: Setting, { sleepers: count, seconds, lead }: Spread): Promise<Outcome> {
  const sleepers = new Sleepers(count);
  return Bench.run(setting, { orchestrations: [sleepers.orchestration] }, async (bench) => {
    const { result, requests } = await bench.counting(async () => {
      const firstDue = Date.now() + lead * 1000;
      const until = (index: number): number =>
        Math.round(firstDue + (shuffled(index, count) / count) * seconds * 1000);
      const { startedIn, asleepIn } = await sleepers.start(bench.client, until);
      const asleepAt = Date.now();
      const overdueAtStart = Array.from({ length: count }, (_, i) => until(i)).filter(
        (due) => due < asleepAt,
      );
      const lateness = await sleepers.awake();
      return { startedIn, asleepIn, overdueAtStart: overdueAtStart.length, lateness };
    });
    await sleepers.assertCompleted(bench.client);

    const { figures, ...byKind } = requestsOf(requests, count);
    return {
      size: { sleepers: count, "over s": seconds, "first due after s": lead },
      figures: {
        startsPerSecond: count / result.startedIn,
        asleepPerSecond: count / result.asleepIn,
        latenessP50Ms: percentile(result.lateness, 50),
        latenessP99Ms: percentile(result.lateness, 99),
        latenessMaxMs: percentile(result.lateness, 100),
        early: result.lateness.filter((ms) => ms < 0).length,
        overdueAtStart: result.overdueAtStart,
        ...figures,
      },
      ...byKind,
    };
  });
}

/** A prime, and no divisor of any count. */
const STRIDE = 7919;

/** Another number below `count`, each once: what starts first is not due first. */
function shuffled(index: number, count: number): number {
  return (index * STRIDE) % count;
}
