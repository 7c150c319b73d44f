import { environment } from "./environment";
import { caseResult } from "./results";
import type { Outcome, Results } from "./results";
import type { Setting } from "./setting";
import type { Workload } from "./workload";

/** Told before each case. */
export type OnCase = (run: number, workload: Workload, name: string) => void;

/** Runs every case of the workloads `runs` times, round by round. A case that fails does not end the others. */
export async function measure(
  setting: Setting,
  workloads: readonly Workload[],
  runs: number,
  onCase: OnCase,
): Promise<Results> {
  const planned = workloads.flatMap((workload) =>
    workload.cases(setting).map((each) => ({ workload, each, outcomes: [] as (Outcome | undefined)[] })),
  );
  const failures: string[] = [];
  for (let run = 1; run <= runs; run++) {
    for (const { workload, each, outcomes } of planned) {
      onCase(run, workload, each.name);
      try {
        outcomes.push(await each.run());
      } catch (error) {
        outcomes.push(undefined);
        failures.push(`Run ${run}, ${workload.id}, ${each.name}: ${String(error)}`);
      }
    }
  }
  return {
    ...environment(setting),
    runs,
    cases: planned.map(({ workload, each, outcomes }) => caseResult(workload.id, each.name, outcomes)),
    failures,
  };
}
