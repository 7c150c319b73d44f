import Table from "cli-table3";
import type { Environment } from "./environment";
import type { Measurement } from "./measure";
import { rounded } from "./statistics";
import { isPolling, only, totalOf } from "./storage-counter";
import type { RequestCounts } from "./storage-counter";

export function printEnvironment({ versions, machine, settings, backend }: Environment): void {
  const { cpuModel, cpus, memoryGiB, platform } = machine;
  console.log(
    `Perdure ${versions.perdure}, backend ${backend}, Node ${versions.node}` +
      (backend === "azurite" ? `, Azurite ${versions.azurite} in memory in a process of its own` : ""),
  );
  console.log(`${cpus} × ${cpuModel}, ${memoryGiB} GiB, ${platform}`);
  console.log(
    `Worker and client in one process, sharing one backend. Settings: ${JSON.stringify(settings)}\n`,
  );
}

export function printMeasurements(measurements: readonly Measurement[]): void {
  const table = new Table({
    head: [
      "workload",
      "in flight",
      "orchestrations",
      "activities each",
      "orchestrations/s",
      "activities/s",
      "p50 ms",
      "p99 ms",
      "requests per orchestration",
    ],
    wordWrap: true,
    colAligns: ["left", ...Array.from({ length: 8 }, () => "right" as const)],
    style: { head: [], compact: true },
  });
  for (const {
    workload,
    inFlight,
    orchestrations,
    activitiesEach,
    elapsedMs,
    latencyMs,
    requests,
  } of measurements) {
    const perSecond = (orchestrations / elapsedMs) * 1000;
    table.push([
      workload,
      inFlight,
      orchestrations,
      activitiesEach,
      rounded(perSecond),
      rounded(perSecond * activitiesEach),
      rounded(latencyMs.p50),
      rounded(latencyMs.p99),
      requests ? perOrchestration(requests, orchestrations) : "none",
    ]);
  }
  console.log(table.toString());
  console.log("Latency: from the call of startNew until result() has resolved, in a closed loop.");
}

/** `12.3 + 0.8 polling` */
function perOrchestration(requests: RequestCounts, orchestrations: number): string {
  const polling = totalOf(only(requests, isPolling));
  const work = totalOf(requests) - polling;
  return `${rounded(work / orchestrations)} + ${rounded(polling / orchestrations)} polling`;
}

export function printRequests(measurements: readonly Measurement[]): void {
  const counted = measurements.flatMap(({ requests, ...rest }) => (requests ? [{ requests, ...rest }] : []));
  if (counted.length === 0) return;
  const kinds = [...new Set(counted.flatMap(({ requests }) => Object.keys(requests)))].sort();
  const table = new Table({
    head: [
      "requests per orchestration",
      ...counted.map(({ workload, inFlight, activitiesEach }) =>
        workload === "hello" ? `hello, ${inFlight} in flight` : `${workload}, ${activitiesEach} activities`,
      ),
    ],
    wordWrap: true,
    colAligns: ["left", ...counted.map(() => "right" as const)],
    style: { head: [], compact: true },
  });
  for (const kind of kinds) {
    table.push([
      kind,
      ...counted.map(({ requests, orchestrations }) => rounded((requests[kind] ?? 0) / orchestrations)),
    ]);
  }
  console.log(`\n${table.toString()}`);
  console.log(
    "Every HTTP request of the process is counted: the worker's, and the client's, whose result() looks at the\n" +
      "instance when it is told of a change and after pauses of 25 to 500 ms. What is sent up to 2 s after the last\n" +
      "result counts too, but for polling: looking at queues and renewing leases, which go on without work.",
  );
}
