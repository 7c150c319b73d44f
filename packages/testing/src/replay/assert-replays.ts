import { DurableError, optional } from "@perdure/core";
import type { AnyOrchestration, BlockedReason } from "@perdure/core";
import { formatEvent } from "../format-history";
import { toFixture } from "./fixture";
import type { Fixture, Recorded } from "./fixture";
import { replayHistory } from "./replay-history";
import type { Divergence } from "./replay-history";

/** Code does not fit a recorded history: instances like it would be Blocked. */
export class ReplayError extends DurableError {
  readonly code: BlockedReason["kind"];
  /** What history has. */
  readonly expected: string;
  /** What the code did. */
  readonly actual: string;
  /** Place of the event in the history, counted from 0. */
  readonly eventIndex?: number;

  constructor(
    readonly instanceId: string,
    message: string,
    { kind, expected, actual, eventIndex }: Divergence,
  ) {
    super(message);
    this.code = kind;
    this.expected = expected;
    this.actual = actual;
    Object.assign(this, optional("eventIndex", eventIndex));
  }

  static override is(value: unknown): value is ReplayError {
    return value instanceof Error && value.name === "ReplayError";
  }
}

/**
 * Replays a recorded history against code, read-only. Decisions must be of the same kind, with the same name, in the
 * same order and turn; and the code must end where history does, and in the same status. Inputs and outputs are not
 * compared, because changing them is safe.
 *
 * @throws ReplayError when they do not fit; InvalidArgumentError when `recorded` is not a history.
 */
export function assertReplays(
  code: AnyOrchestration | readonly AnyOrchestration[],
  recorded: Recorded,
): void {
  const fixture = toFixture(recorded);
  const orchestrations: readonly AnyOrchestration[] = "kind" in code ? [code] : code;
  const divergence = replayHistory(orchestrations, fixture);
  if (!divergence) return;
  throw new ReplayError(fixture.instanceId, explain(fixture, divergence), divergence);
}

/** A divergence in words. */
export function explain(fixture: Fixture, { kind, eventIndex, expected, actual }: Divergence): string {
  const { instanceId, name, history } = fixture;
  if (kind === "UnknownOrchestration")
    return `The history of '${instanceId}' is of orchestration '${name}'; given: ${actual}.`;
  const event = eventIndex === undefined ? undefined : history[eventIndex];
  return [
    `The code of '${name}' does not fit the history of '${instanceId}'`,
    ...(event ? [`  at event ${eventIndex}: ${formatEvent(event)}`] : []),
    `  expected: ${expected}`,
    `  actual:   ${actual}`,
  ].join("\n");
}
