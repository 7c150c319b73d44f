import { inspect } from "node:util";
import { DurableError } from "@perdure/core";
import type { RunOutcome } from "./run";

/** A run that ended otherwise than the one without faults. */
export interface ExploredDivergence {
  /** Which run: what failed, and where. */
  readonly run: string;
  readonly expected: RunOutcome;
  readonly actual: RunOutcome;
}

/** An attempt of an activity that ran more than once: what it does must bear that. */
export interface RepeatedActivity {
  readonly name: string;
  readonly idempotencyKey: string;
  /** The most times it ran in one run. */
  readonly times: number;
  /** That run. */
  readonly run: string;
}

/** Runs did not all end the same way. */
export class ConvergenceError extends DurableError {
  readonly code = "NotConverged";

  static override is(value: unknown): value is ConvergenceError {
    return value instanceof Error && "code" in value && value.code === "NotConverged";
  }
}

const SHOWN = 5;

/** What an exploration found. */
export class ExploreReport {
  /** How many there were, the one without faults included. */
  readonly runs: number;
  /** Workers that died, in all runs. */
  readonly crashes: number;
  /** Messages that a worker took and that had been taken before, in all runs. */
  readonly redeliveries: number;
  /** What came of the run without faults. */
  readonly expected: RunOutcome;
  readonly divergences: readonly ExploredDivergence[];
  /** Not errors: an activity runs at least once, and at every crash in its midst once more. */
  readonly repeatedActivities: readonly RepeatedActivity[];

  constructor(
    found: Pick<
      ExploreReport,
      "runs" | "crashes" | "redeliveries" | "expected" | "divergences" | "repeatedActivities"
    >,
  ) {
    this.runs = found.runs;
    this.crashes = found.crashes;
    this.redeliveries = found.redeliveries;
    this.expected = found.expected;
    this.divergences = found.divergences;
    this.repeatedActivities = found.repeatedActivities;
  }

  /** @throws ConvergenceError when a run ended otherwise than the one without faults. */
  assertConverges(): void {
    if (this.divergences.length > 0) throw new ConvergenceError(this.summary());
  }

  /** The findings as text for people. */
  summary(): string {
    const { runs, crashes, divergences, repeatedActivities } = this;
    const more = divergences.length - SHOWN;
    return [
      `${runs} runs with ${crashes} crashes: ${divergences.length} ended otherwise than the one without faults.`,
      `  without faults: ${show(this.expected)}`,
      ...divergences.slice(0, SHOWN).map(({ run, actual }) => `  ${run}: ${show(actual)}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
      ...repeatedActivities.map(
        ({ name, idempotencyKey, times, run }) =>
          `  activity '${name}' (${idempotencyKey}) ran ${times} times: ${run}`,
      ),
    ].join("\n");
  }
}

function show(outcome: RunOutcome): string {
  return inspect(outcome, { depth: 6, breakLength: Number.POSITIVE_INFINITY });
}
