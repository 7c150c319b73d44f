import { judge } from "./aims";
import type { Comparison } from "./compare";
import { FIGURES, figureNames } from "./figures";
import type { FigureName } from "./figures";
import type { CaseResult, Results } from "./results";
import { rounded } from "./statistics";
import type { Workload } from "./workload";

/** Text in rows and columns, for the console or a page. The first column is words, the others are numbers. */
export interface TextTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** One row for each case. */
export function figureTable(cases: readonly CaseResult[]): TextTable {
  const sizes = [...new Set(cases.flatMap(({ size }) => Object.keys(size)))];
  const figures = figureNames(cases.map((each) => each.figures));
  return {
    head: ["case", ...sizes, ...figures.map((name) => FIGURES[name].label)],
    rows: cases.map((each) => [
      each.name,
      ...sizes.map((what) => each.size[what]?.toLocaleString("en-US") ?? ""),
      ...figures.map((name) => cell(each, name)),
    ]),
  };
}

/** The median, and with several runs what lay around it: `2.1 (2.0–2.4)`. */
function cell({ figures, runs }: CaseResult, name: FigureName): string {
  const middle = figures[name];
  if (middle === undefined) return "";
  const values = runs.map((run) => run[name]).filter((value) => value !== undefined);
  const [least, most] = [rounded(Math.min(...values)), rounded(Math.max(...values))];
  return least === most ? rounded(middle) : `${rounded(middle)} (${least}–${most})`;
}

/** Empty when no case asked storage for anything. */
export function requestTable(cases: readonly CaseResult[]): TextTable {
  const counted = cases.flatMap(({ requests, ...rest }) => (requests ? [{ requests, ...rest }] : []));
  const kinds = [...new Set(counted.flatMap(({ requests }) => Object.keys(requests)))].sort();
  return {
    head: ["requests per orchestration", ...counted.map(({ workload, name }) => `${workload}, ${name}`)],
    rows: kinds.map((kind) => [kind, ...counted.map(({ requests }) => rounded(requests[kind] ?? 0))]),
  };
}

/** Empty when there are no aims for what was measured. */
export function aimTable(results: Results): TextTable {
  return {
    head: ["aim", "aimed at", "measured", "met"],
    rows: judge(results).map(({ workload, what, aim, measured, met }) => [
      `${workload}, ${what}`,
      aim,
      measured,
      met ? "met" : "not met",
    ]),
  };
}

export function comparisonTable(comparisons: readonly Comparison[]): TextTable {
  return {
    head: ["case", "figure", "before", "now", "ratio", "verdict"],
    rows: comparisons.map(({ workload, name, figure, before, now, ratio, verdict }) => [
      `${workload}, ${name}`,
      FIGURES[figure].label,
      rounded(before),
      rounded(now),
      ratio.toFixed(2),
      verdict === "same" ? "" : verdict,
    ]),
  };
}

/** What the figures depend on, in lines. */
export function circumstances(results: Results): readonly string[] {
  const { backend, durability, versions, machine, settings, runs, quick } = results;
  const { cpuModel, cpus, memoryGiB, platform } = machine;
  return [
    `Backend ${backend}; durability: ${durability}`,
    `Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}`,
    `Machine: ${cpus} × ${cpuModel}, ${memoryGiB} GiB, ${platform}`,
    `Worker and client in one process, sharing one backend. Settings: ${JSON.stringify(settings)}`,
    runs === 1 ? "One run" : `${runs} runs: medians (least–most)`,
    ...(quick ? ["Quick sizes: not figures to keep"] : []),
  ];
}

/** The workloads that were run, each with its cases. */
export function byWorkload(
  results: Results,
  workloads: readonly Workload[],
): readonly { readonly workload: Workload; readonly cases: readonly CaseResult[] }[] {
  return workloads
    .map((workload) => ({ workload, cases: results.cases.filter((each) => each.workload === workload.id) }))
    .filter(({ cases }) => cases.length > 0);
}
