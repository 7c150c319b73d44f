import Table from "cli-table3";
import type { Results } from "./results";
import { aimTable, byWorkload, circumstances, figureTable, requestTable } from "./tables";
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

function printTable({ head, rows }: TextTable): void {
  const table = new Table({
    head: [...head],
    wordWrap: true,
    colAligns: head.map((_, column) => (column === 0 ? "left" : "right")),
    style: { head: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  console.log(table.toString());
}
