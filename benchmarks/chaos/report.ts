import Table from "cli-table3";
import { rounded } from "../src/statistics";
import type { PhaseOutcome } from "./run-phase";

/** What cannot be tried yet, and why. */
const LEFT_OUT = [["disk full", "left out: the backend on an embedded file is not built yet"]] as const;

export function printOutcomes(outcomes: readonly PhaseOutcome[]): void {
  const head = [
    "fault",
    "orchestrations",
    "faults injected",
    "recoveries",
    "duplicate executions",
    "longest stall s",
    "time s",
    "wrong",
  ];
  const table = new Table({
    head,
    wordWrap: true,
    colAligns: head.map((_, index) => (index === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const outcome of outcomes) {
    table.push([
      outcome.name,
      outcome.orchestrations,
      outcome.injected,
      outcome.recoveries,
      outcome.duplicates,
      rounded(outcome.longestStallMs / 1000),
      rounded(outcome.elapsedMs / 1000),
      outcome.faults.length,
    ]);
  }
  console.log(table.toString());
  console.log(
    "Recoveries: orchestrations that went on elsewhere after a fault of the worker that had them (after storage was\n" +
      "back: all that went on). Longest stall: of one orchestration that had begun, without any execution of an activity.",
  );
  for (const [fault, reason] of LEFT_OUT) console.log(`${fault}: ${reason}.`);
}
