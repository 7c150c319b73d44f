import { isDeepStrictEqual } from "node:util";
import type { Client, InstanceSnapshot } from "perdure";
import { historyFaults } from "./history-faults";
import type { Run } from "./scenarios";

/** What went wrong with one run: empty when it completed once, with the result of a run without faults. */
export function runFaults(run: Run, snapshot: InstanceSnapshot | undefined): readonly string[] {
  if (!snapshot) return ["there is no such instance"];
  if (snapshot.status !== "Completed") {
    return [
      `it is ${snapshot.status}: ${JSON.stringify(snapshot.failure ?? snapshot.blocked ?? "no reason is given")}`,
    ];
  }
  const { output } = snapshot;
  const actual = run.comparable ? run.comparable(output) : output;
  if (isDeepStrictEqual(actual, run.expected)) return [];
  return [`it returned ${JSON.stringify(output)} instead of ${JSON.stringify(run.expected)}`];
}

/** A run with what storage says of it in the end. */
export interface CheckedRun {
  readonly run: Run;
  readonly snapshot: InstanceSnapshot | undefined;
  readonly faults: readonly string[];
}

export async function checkRun(client: Client, run: Run): Promise<CheckedRun> {
  const snapshot = await client.get(run.instanceId);
  const faults = [...runFaults(run, snapshot)];
  if (snapshot?.status === "Completed") {
    const history = await client.instance(run.instanceId).history();
    faults.push(...historyFaults(history).map((fault) => `its history is wrong: ${fault}`));
  }
  return { run, snapshot, faults };
}

/** What is wrong with the hub as a whole once everything has ended. */
export async function hubFaults(client: Client, runs: readonly Run[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for await (const { instanceId, reason, deliveryCount, body } of client.deadLetters.list()) {
    faults.push(`Dead letter for '${instanceId}' after ${deliveryCount} deliveries: ${reason} ${body}`);
  }
  let listed = 0;
  for await (const { instanceId, status } of client.list()) {
    listed++;
    if (status !== "Completed") faults.push(`The listing has '${instanceId}' as ${status}.`);
  }
  const expected = runs.reduce((sum, { children }) => sum + 1 + children, 0);
  if (listed !== expected) faults.push(`The listing has ${listed} instances instead of ${expected}.`);
  return faults;
}

/** Deletes everything that has ended and tells what is left. */
export async function purgeFaults(client: Client): Promise<readonly string[]> {
  await client.purgeMany({});
  const faults: string[] = [];
  for await (const { instanceId } of client.list())
    faults.push(`'${instanceId}' is listed after a purge of everything.`);
  return faults;
}
