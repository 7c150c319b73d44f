import type { Environment } from "./environment";
import { figureNames } from "./figures";
import type { FigureName, Figures } from "./figures";
import type { RequestCounts } from "./hubs/storage-counter";
import { median } from "./statistics";

/** What was done, for example `{ "in flight": 100, orchestrations: 2000 }`. */
export type Size = Readonly<Record<string, number>>;

/** What one case gave in one run. */
export interface Outcome {
  readonly size: Size;
  readonly figures: Figures;
  /** Per orchestration, by kind. Absent when the backend asks no storage. */
  readonly requests?: RequestCounts;
}

/** One case over all runs. */
export interface CaseResult {
  readonly workload: string;
  readonly name: string;
  /** Of the last run. */
  readonly size: Size;
  /** Medians of the runs. */
  readonly figures: Figures;
  /** One for each run, in their order; empty for a run that failed. */
  readonly runs: readonly Figures[];
  /** Of the last run, per orchestration. */
  readonly requests?: RequestCounts;
}

/** All that one invocation has measured: what the JSON file holds. */
export interface Results extends Environment {
  readonly runs: number;
  readonly cases: readonly CaseResult[];
  /** What went wrong, in words; the case has no figures for that run. */
  readonly failures: readonly string[];
}

/** @param outcomes One for each run; `undefined` where it failed. */
export function caseResult(
  workload: string,
  name: string,
  outcomes: readonly (Outcome | undefined)[],
): CaseResult {
  const last = outcomes.findLast((outcome) => outcome !== undefined);
  const runs = outcomes.map((outcome) => outcome?.figures ?? {});
  return {
    workload,
    name,
    size: last?.size ?? {},
    figures: mediansOf(runs),
    runs,
    ...(last?.requests ? { requests: last.requests } : {}),
  };
}

function mediansOf(runs: readonly Figures[]): Figures {
  return Object.fromEntries(figureNames(runs).map((name) => [name, median(valuesOf(runs, name))]));
}

/** Of the runs that have the figure. */
export function valuesOf(runs: readonly Figures[], name: FigureName): readonly number[] {
  return runs.map((figures) => figures[name]).filter((value) => value !== undefined);
}

export function findCase(results: Results, workload: string, name: string): CaseResult | undefined {
  return results.cases.find((each) => each.workload === workload && each.name === name);
}
