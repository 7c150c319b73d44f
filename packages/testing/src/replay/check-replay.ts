import { InstanceNotFoundError } from "@perdure/core";
import type { AnyOrchestration, RuntimeStatus } from "@perdure/core";
import type { Client, InstanceFilter } from "@perdure/client";
import { explain } from "./assert-replays";
import { tryRecord } from "./fixture";
import type { Fixture } from "./fixture";
import { replayHistory } from "./replay-history";

/** An instance that new code would block. */
export interface ReplayDivergence {
  readonly instanceId: string;
  /** Of the orchestration. */
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
  readonly message: string;
}

export interface ReplayCheck {
  /** How many instances were replayed. */
  readonly checked: number;
  readonly divergences: readonly ReplayDivergence[];
  /** Instances of orchestrations that the new code does not have. */
  readonly unknown: readonly { readonly instanceId: string; readonly name: string }[];
}

const UNFINISHED: readonly RuntimeStatus[] = ["Pending", "Running", "Suspended", "Blocked"];

/**
 * Replays every instance of a hub that has not finished against code that is about to be deployed. Reads only, so it is
 * safe on a hub in production; each history is read whole.
 *
 * @throws InvalidArgumentError for a bad filter, and whatever the client throws.
 */
export async function checkReplay(
  client: Client,
  code: { readonly orchestrations: readonly AnyOrchestration[] },
  filter: InstanceFilter = {},
): Promise<ReplayCheck> {
  const known = new Set(code.orchestrations.map(({ name }) => name));
  const divergences: ReplayDivergence[] = [];
  const unknown: { instanceId: string; name: string }[] = [];
  let checked = 0;
  for await (const { instanceId, name } of client.list({ ...filter, status: UNFINISHED })) {
    if (!known.has(name)) {
      unknown.push({ instanceId, name });
      continue;
    }
    const fixture = await recordUnlessGone(client, instanceId);
    if (!fixture) continue;
    checked++;
    const divergence = replayHistory(code.orchestrations, fixture);
    if (!divergence) continue;
    const { expected, actual } = divergence;
    divergences.push({ instanceId, name, expected, actual, message: explain(fixture, divergence) });
  }
  return { checked, divergences, unknown };
}

/** Nothing for an instance that has no history yet, or has been purged meanwhile. */
async function recordUnlessGone(client: Client, instanceId: string): Promise<Fixture | undefined> {
  try {
    return await tryRecord(client, instanceId);
  } catch (error) {
    if (InstanceNotFoundError.is(error)) return undefined;
    throw error;
  }
}
