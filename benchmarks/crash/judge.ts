import type { Client } from "perdure";
import { executionFaults } from "./analysis";
import { checkRun, hubFaults } from "./checks";
import type { CheckedRun } from "./checks";
import type { Execution } from "./execution-log";
import type { Load } from "./load";
import type { WorkerPool } from "./worker-pool";

export interface Judgement {
  readonly checked: readonly CheckedRun[];
  /** Those of the runs that did not end as they should. */
  readonly faulty: readonly CheckedRun[];
  /** All that is wrong, with runs or otherwise. */
  readonly faults: readonly string[];
}

/** Compares what storage and the workers' notes say in the end with what should be. */
export async function judge(
  client: Client,
  pool: WorkerPool,
  load: Load,
  executions: readonly Execution[],
): Promise<Judgement> {
  const checked: CheckedRun[] = [];
  for (const run of load.runs) checked.push(await checkRun(client, run));
  const faulty = checked.filter(({ faults }) => faults.length > 0);
  const expectedKeys = load.runs.flatMap(({ keys }) => keys);
  const faults = [
    ...pool.faults,
    ...load.faults,
    ...faulty.flatMap(({ run, faults: each }) =>
      each.map((fault) => `${run.name} '${run.instanceId}': ${fault}.`),
    ),
    ...executionFaults(executions, expectedKeys),
    ...(await hubFaults(client, load.runs)),
  ];
  return { checked, faulty, faults };
}
