import Table from "cli-table3";
import { compare, differences, missing } from "./compare";
import type { Results } from "./results";
import { aimTable, byWorkload, circumstances, comparisonTable, figureTable, requestTable } from "./tables";
import type { TextTable } from "./tables";
import { WORKLOADS } from "./workloads";

export function printResults(results: Results): void {
  for (const line of circumstances(results)) console.log(line);
  for (const { workload, cases } of byWorkload(results, WORKLOADS)) {
    console.log(`\n${workload.id}, ${workload.title}`);
    printTable(figureTable(cases));
  }
  const requests = requestTable(results.cases);
  if (requests.rows.length > 0) {
    console.log();
    printTable(requests);
    console.log(
      "Every HTTP request of the process is counted: the worker's, and the client's, whose result() looks at the\n" +
        "instance when it is told of a change and after pauses of 25 to 500 ms. What is sent up to 2 s after the last\n" +
        "result counts too, but for polling: looking at queues and renewing leases, which go on without work.",
    );
  }
  const aims = aimTable(results);
  if (aims.rows.length > 0) {
    console.log();
    printTable(aims);
  }
  for (const failure of results.failures) console.error(`Failed: ${failure}`);
}

/** Prints the ratios. False when something got worse by more than the factor, or could not be measured any more. */
export function printComparison(before: Results, now: Results, factor: number): boolean {
  console.log(`\nAgainst an earlier measurement; worse is what differs by a factor above ${factor}`);
  for (const line of differences(before, now)) console.log(`Not the same ${line}`);
  const comparisons = compare(before, now, factor);
  printTable(comparisonTable(comparisons));
  const gone = missing(before, now);
  for (const each of gone) console.error(`Not measured any more: ${each}`);
  const worse = comparisons.filter(({ verdict }) => verdict === "worse");
  console.log(`${worse.length} of ${comparisons.length} figures got worse.`);
  return worse.length === 0 && gone.length === 0;
}

function printTable({ head, rows }: TextTable): void {
  const table = new Table({
    head: [...head],
    wordWrap: true,
    colAligns: head.map((_, column) => (column === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  console.log(table.toString());
}
