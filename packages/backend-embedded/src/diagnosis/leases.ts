/** Who owns the partitions, and what is wrong with that. */
import { spanText } from "@perdure/core";
import type { PartitionOwnership, Trouble } from "@perdure/core";
import { keys, under } from "../file/keys";
import { claimOf, isAlive } from "../work/process-row";
import type { Claim, ProcessRow } from "../work/process-row";
import type { Services } from "../work/services";

/** No process says that it lives for longer than this, unless its clock was wrong. In lengths of a lock. */
const LONGEST_LIFE = 10;
const SHORTEST_LONGEST_MS = 600_000;
/** For a process that works to take over what a dead one had. */
const TAKE_OVER_MS = 1000;

interface Owner {
  readonly id: string;
  /** Absent when the process left no row. */
  readonly row: ProcessRow | undefined;
  readonly isAlive: boolean;
  readonly partitions: readonly number[];
}

export function partitionsOf({ file, clock }: Services): readonly PartitionOwnership[] {
  const now = clock.now();
  return Array.from({ length: file.partitionCount }, (_, partition) => {
    const { owner } = readClaim(file.get(keys.partition(partition)));
    if (owner === null) return { partition, isAlive: false };
    const row = readProcess(file.get(keys.process(owner)));
    if (!row) return { partition, owner, isAlive: false };
    return {
      ...{ partition, owner: nameOf(row), expiresAt: row.expiresAt },
      isAlive: isAlive(row, file.identity, now),
    };
  });
}

/** Partitions of the dead that the living leave alone, and processes that claim to live implausibly long. */
export async function* leaseTroubles(
  services: Services,
  signal: AbortSignal,
): AsyncGenerator<Trouble, undefined> {
  const { clock, lockMs, file } = services;
  const suspects = new Set(troubled(services).map(({ id }) => id));
  if (suspects.size === 0) return undefined;
  const isAnyAlive = ownersIn(services).some((owner) => owner.isAlive && !suspects.has(owner.id));
  if (isAnyAlive) await clock.sleep(lockMs / 3 + TAKE_OVER_MS, signal);
  file.refresh();
  const owners = troubled(services).filter(({ id }) => suspects.has(id));
  for (const owner of owners) yield leaseTrouble(services, owner);
  return undefined;
}

function troubled(services: Services): readonly Owner[] {
  const now = services.clock.now();
  return ownersIn(services).filter((owner) => !owner.isAlive || livesTooLong(services, owner, now));
}

function livesTooLong({ lockMs }: Services, { row }: Owner, now: number): boolean {
  return row !== undefined && row.expiresAt > now + Math.max(LONGEST_LIFE * lockMs, SHORTEST_LONGEST_MS);
}

function ownersIn({ file, clock }: Services): readonly Owner[] {
  const now = clock.now();
  const partitions = new Map<string, number[]>();
  for (const { key, value } of file.rows(under("partition"))) {
    const { owner } = readClaim(value);
    if (owner !== null) partitions.set(owner, [...(partitions.get(owner) ?? []), Number(key[1])]);
  }
  for (const [, id] of file.keysIn(under("process")))
    if (!partitions.has(String(id))) partitions.set(String(id), []);
  return [...partitions].map(([id, owned]) => {
    const row = readProcess(file.get(keys.process(id)));
    return { id, row, partitions: owned, isAlive: row !== undefined && isAlive(row, file.identity, now) };
  });
}

function leaseTrouble(services: Services, owner: Owner): Trouble {
  const { row, partitions, isAlive: lives } = owner;
  const now = services.clock.now();
  const who = row ? `process ${nameOf(row)}` : `a process that left no trace (${owner.id})`;
  const what = partitions.length === 0 ? "No partition belongs" : partitionsText(partitions);
  const subject = { type: "partition", id: partitions.join(",") || "none" } as const;
  const repair = { repair: () => free(services, owner) };
  if (lives) {
    return {
      ...{ kind: "StuckLease", severity: "error", subject, ...repair },
      message: `${what} to ${who}, which claims to be alive for another ${spanText((row?.expiresAt ?? now) - now)}: nobody else takes over before, whether it works or not.`,
      advice:
        "Its clock was wrong, or it is gone: free what it owns. If it works after all, it takes its share again.",
    };
  }
  const since = row && row.expiresAt < now ? row.expiresAt : undefined;
  return {
    ...{ kind: "StuckLease", severity: "warning", subject, ...repair },
    ...(since !== undefined && { since: new Date(since) }),
    message: `${what} to ${who}, which is dead${since === undefined ? "" : ` for ${spanText(now - since)}`}, and nobody has taken over.`,
    advice: "Start a worker: it takes over. Freeing what the dead one had does no harm.",
  };
}

/** Commits of an owner compare the claim they were made with: one that was thought dead and is not can do no harm. */
async function free({ commits, file }: Services, { id, partitions, row }: Owner): Promise<string> {
  const outcome = { isFreed: false };
  await commits.run(
    (transaction) => {
      if (readProcess(transaction.file.get(keys.process(id)))?.expiresAt !== row?.expiresAt) return; // it lives
      for (const number of partitions) {
        const { owner, epoch } = readClaim(transaction.claim(number));
        if (owner === id) transaction.claimPartition(number, claimOf(null, epoch));
      }
      transaction.remove(keys.process(id));
      outcome.isFreed = true;
    },
    () => file.bell.ring(),
  );
  if (!outcome.isFreed) return "It has changed meanwhile.";
  return `Freed ${partitions.length} partitions; whoever works takes them now.`;
}

function partitionsText(partitions: readonly number[]): string {
  return partitions.length === 1
    ? `Partition ${partitions[0]} belongs`
    : `Partitions ${partitions.join(", ")} belong`;
}

/** What a process is called, by its row if there still is one. */
export function processName({ file }: Services, id: string): string {
  const row = readProcess(file.get(keys.process(id)));
  return row ? nameOf(row) : id;
}

function nameOf({ pid, machine }: ProcessRow): string {
  return `${machine.split(" ", 1)[0]}:${pid}`;
}

function readClaim(text: string | undefined): Claim {
  return text === undefined ? { owner: null, epoch: 0 } : (JSON.parse(text) as Claim);
}

function readProcess(text: string | undefined): ProcessRow | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as ProcessRow);
}
