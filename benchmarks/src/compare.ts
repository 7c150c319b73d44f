import { FIGURES, figureNames } from "./figures";
import type { FigureName } from "./figures";
import { findCase } from "./results";
import type { CaseResult, Results } from "./results";

/** One figure, before and now. */
export interface Comparison {
  readonly workload: string;
  readonly name: string;
  readonly figure: FigureName;
  readonly before: number;
  readonly now: number;
  /** `now / before`. */
  readonly ratio: number;
  readonly verdict: "better" | "same" | "worse";
}

/**
 * Every figure that both have and that can get worse. Worse or better is what differs by more than `factor` and by more
 * than the figure's slack.
 */
export function compare(before: Results, now: Results, factor: number): readonly Comparison[] {
  return now.cases.flatMap((each) => {
    const former = findCase(before, each.workload, each.name);
    return former ? compareCase(former, each, factor) : [];
  });
}

function compareCase(former: CaseResult, current: CaseResult, factor: number): readonly Comparison[] {
  const { workload, name } = current;
  return figureNames([current.figures]).flatMap((figure) => {
    const before = former.figures[figure];
    const now = current.figures[figure];
    if (before === undefined || now === undefined || FIGURES[figure].better === undefined) return [];
    const ratio = before === now ? 1 : now / before; // both may be 0
    return [{ workload, name, figure, before, now, ratio, verdict: verdictOf(figure, before, now, factor) }];
  });
}

function verdictOf(figure: FigureName, before: number, now: number, factor: number): Comparison["verdict"] {
  const { better, slack = 0 } = FIGURES[figure];
  if (Math.abs(now - before) <= slack) return "same";
  const isMuch = Math.max(now, before) > factor * Math.min(now, before);
  if (!isMuch) return "same";
  return now > before === (better === "higher") ? "better" : "worse";
}

/** Cases that were measured before, with figures, and have none now though their workload was run. */
export function missing(before: Results, now: Results): readonly string[] {
  const workloads = new Set(now.cases.map(({ workload }) => workload));
  return before.cases
    .filter(({ workload, figures }) => workloads.has(workload) && figureNames([figures]).length > 0)
    .filter(({ workload, name }) => {
      const current = findCase(now, workload, name);
      return !current || figureNames([current.figures]).length === 0;
    })
    .map(({ workload, name }) => `${workload}, ${name}`);
}

/** Why ratios may say more about the circumstances than about the code. */
export function differences(before: Results, now: Results): readonly string[] {
  const said = (results: Results): Readonly<Record<string, unknown>> => ({
    backend: results.backend,
    durability: results.durability,
    quick: results.quick,
    settings: JSON.stringify(results.settings),
    machine: JSON.stringify(results.machine),
    Node: results.versions["node"],
  });
  const then = said(before);
  return Object.entries(said(now))
    .filter(([what, value]) => then[what] !== value)
    .map(([what, value]) => `${what}: ${String(value)}, before ${String(then[what])}`);
}
