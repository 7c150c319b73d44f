import type { Figures } from "../src/figures";
import { caseResult } from "../src/results";
import type { CaseResult, Results } from "../src/results";

/** A case with the figures of each run. */
export function measured(workload: string, name: string, ...runs: readonly Figures[]): CaseResult {
  return caseResult(
    workload,
    name,
    runs.map((figures) => ({ size: { sleepers: 10_000 }, figures })),
  );
}

export function results(cases: readonly CaseResult[], differing: Partial<Results> = {}): Results {
  return {
    backend: "embedded",
    quick: false,
    durability: "commits resolve when fsynced",
    versions: { perdure: "0.1.0", node: "20.19.0" },
    machine: { cpuModel: "Some processor", cpus: 2, memoryGiB: 8, platform: "linux x64" },
    settings: {},
    runs: 1,
    cases,
    failures: [],
    ...differing,
  };
}
