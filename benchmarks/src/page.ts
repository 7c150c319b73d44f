import type { Results } from "./results";
import { aimTable, byWorkload, circumstances, figureTable, requestTable } from "./tables";
import type { TextTable } from "./tables";
import { WORKLOADS } from "./workloads";

/** The results as Markdown. @param plot The address of the plot, seen from the page. */
export function pageOf(results: Results, plot: string): string {
  const requests = requestTable(results.cases);
  const aims = aimTable(results);
  return [
    `# Benchmarks: ${results.backend}`,
    "Made by `npm run bench -- --page`; do not edit. What is measured, and how, is in [benchmarks](benchmarks.md).",
    circumstances(results)
      .map((line) => `- ${line}`)
      .join("\n"),
    `![Figures of the ${results.backend} backend](${plot})`,
    ...byWorkload(results, WORKLOADS).flatMap(({ workload, cases }) => [
      `## ${workload.id}, ${workload.title}`,
      markdownTable(figureTable(cases)),
    ]),
    ...(requests.rows.length > 0 ? ["## Requests to storage", markdownTable(requests)] : []),
    ...(aims.rows.length > 0 ? ["## Aims", markdownTable(aims)] : []),
    ...(results.failures.length > 0
      ? ["## What failed", results.failures.map((failure) => `- ${failure}`).join("\n")]
      : []),
  ]
    .join("\n\n")
    .concat("\n");
}

/** With columns padded, as Prettier wants them. */
function markdownTable({ head, rows }: TextTable): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths
      .map((width, column) => {
        const text = cells[column] ?? "";
        return column === 0 ? text.padEnd(width) : text.padStart(width);
      })
      .join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
