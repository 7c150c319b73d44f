import { setTimeout as sleep } from "node:timers/promises";
import { Client, Worker } from "perdure";
import { closedLoop } from "./closed-loop";
import { openHub } from "./hub";
import type { BackendName } from "./hub";
import { summarise } from "./statistics";
import type { Summary } from "./statistics";
import { difference, isPolling, only, sum } from "./storage-counter";
import type { RequestCounts } from "./storage-counter";
import type { Step, Workload } from "./workloads/workload";

/** What one step of a workload took. */
export interface Measurement extends Step {
  readonly workload: string;
  readonly elapsedMs: number;
  /** From the call of `startNew` until `result()` has resolved, in milliseconds. */
  readonly latencyMs: Summary;
  /** Absent when the backend asks no storage. See the report for what is counted. */
  readonly requests?: RequestCounts;
}

/** Rows are written and messages deleted a little after the result is known. */
const SETTLE_MS = 2000;

/** Runs one step on a fresh hub, worker and client in this process sharing one backend. */
export async function measure(
  backendName: BackendName,
  workload: Workload,
  step: Step,
): Promise<Measurement> {
  const hub = await openHub(backendName);
  const { orchestration, activities } = workload;
  const worker = new Worker(hub.backend, { orchestrations: [orchestration], activities });
  try {
    await worker.start();
    const client = new Client(hub.backend);
    const runOne = async (): Promise<void> => {
      const instance = await client.startNew(orchestration, step.activitiesEach);
      const result = await instance.result({ timeout: "2m" });
      assertEqual(result, workload.expected(step.activitiesEach));
    };
    await closedLoop(step.warmUp, step.inFlight, runOne);
    if (hub.counter) await sleep(SETTLE_MS);

    const before = hub.counter?.now() ?? {};
    const { elapsedMs, latenciesMs } = await closedLoop(step.orchestrations, step.inFlight, runOne);
    const during = hub.counter?.now() ?? {};
    if (hub.counter) await sleep(SETTLE_MS);
    const afterwards = difference(hub.counter?.now() ?? {}, during);

    const requests = sum(
      difference(during, before),
      only(afterwards, (kind) => !isPolling(kind)),
    );
    return {
      workload: workload.name,
      ...step,
      elapsedMs,
      latencyMs: summarise(latenciesMs),
      ...(hub.counter ? { requests } : {}),
    };
  } finally {
    await worker.stop();
    await hub.close();
  }
}

function assertEqual(actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  throw new Error(`An orchestration returned ${String(actual)} instead of ${String(expected)}.`);
}
