/** Who owns the partitions, and leases that hold up others. */
import { hostname } from "node:os";
import { spanText } from "@perdure/core";
import type { CheckOptions, PartitionOwnership, Trouble } from "@perdure/core";
import type { LeaseRow } from "../lease-table";
import type { DiagnosisServices } from "./services";

/** A lease lasts three renewals; no lease that is written right lasts longer than this many of the slowest. */
const LONGEST_IN_RENEWALS = 10;
/** For somebody who works to take over. */
const TAKE_OVER_RENEWALS = 2;

export function ownershipOf({ partition, owner, expiresAt }: LeaseRow, now: number): PartitionOwnership {
  if (owner === "") return { partition, isAlive: false };
  return { partition, owner, expiresAt, isAlive: expiresAt > now && !isDeadHere(owner) };
}

export async function* leaseTroubles(
  services: DiagnosisServices,
  { signal }: CheckOptions,
): AsyncGenerator<Trouble, undefined> {
  const { leases, settings } = services;
  const before = await leases.readAll();
  const suspects = before.filter((row) => isStuck(row, before, services));
  if (suspects.length === 0) return undefined;
  const isAnyAlive = before.some((row) => ownershipOf(row, settings.clock.now()).isAlive);
  if (isAnyAlive) await settings.clock.sleep(settings.renewMs * TAKE_OVER_RENEWALS, signal);
  const after = await leases.readAll();
  for (const row of after) {
    const isSame = suspects.some(
      ({ partition, epoch, owner }) =>
        partition === row.partition && epoch === row.epoch && owner === row.owner,
    );
    if (isSame && isStuck(row, after, services)) yield leaseTrouble(services, row, isAnyAlive);
  }
  return undefined;
}

function isStuck(row: LeaseRow, rows: readonly LeaseRow[], services: DiagnosisServices): boolean {
  const now = services.settings.clock.now();
  if (row.owner !== "") return isImplausible(row, services) || !ownershipOf(row, now).isAlive;
  const isSomebodyThere = rows.some((other) => ownershipOf(other, now).isAlive);
  return isSomebodyThere && row.expiresAt <= now; // free, and nobody takes it
}

function isImplausible({ expiresAt }: LeaseRow, { settings }: DiagnosisServices): boolean {
  return expiresAt > settings.clock.now() + settings.idleRenewMs * LONGEST_IN_RENEWALS;
}

function leaseTrouble(services: DiagnosisServices, row: LeaseRow, isAnyAlive: boolean): Trouble {
  const { partition, owner, expiresAt } = row;
  const now = services.settings.clock.now();
  const severity = isAnyAlive || isImplausible(row, services) ? "error" : "warning";
  const subject = { type: "partition", id: String(partition) } as const;
  const base = { kind: "StuckLease", severity, subject } as const;
  if (owner === "") {
    return {
      ...base,
      message: `Partition ${partition} belongs to nobody, and the workers that are there do not take it.`,
      advice: "Look at the logs of the workers, and restart them.",
    };
  }
  const repair = { repair: () => free(services, row) };
  if (isImplausible(row, services)) {
    return {
      ...{ ...base, ...repair },
      message: `Partition ${partition} is leased to '${owner}' for another ${spanText(expiresAt - now)}, far longer than a lease lasts: nobody takes over before, whether that worker is there or not.`,
      advice: "Free the lease: a worker that is still there loses its partition and asks for it again.",
    };
  }
  const isOver = expiresAt <= now;
  return {
    ...{ ...base, ...repair },
    ...(isOver && { since: new Date(expiresAt) }),
    message: isOver
      ? `The lease of '${owner}' on partition ${partition} ran out ${spanText(now - expiresAt)} ago, and nobody has taken over.`
      : `Partition ${partition} is leased to '${owner}', a process of this machine that is gone.`,
    advice: "Start a worker: it takes over. Freeing the lease does no harm, and saves the wait for its end.",
  };
}

/** Whoever had it is fenced by the epoch of the next owner: it can commit nothing any more. */
async function free({ leases, settings }: DiagnosisServices, row: LeaseRow): Promise<string> {
  const change = { owner: "", nextOwner: "", expiresAt: settings.clock.now() };
  const updated = await leases.update([{ row, change }]);
  return updated ? "Freed the lease; whoever works takes the partition now." : "It has changed meanwhile.";
}

/** Workers name themselves by host, process and a random part, unless told otherwise. */
function isDeadHere(owner: string): boolean {
  const own = `${hostname()}-`;
  const pid = owner.startsWith(own) ? /^(\d+)-[0-9a-f]{8}$/.exec(owner.slice(own.length))?.[1] : undefined;
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
