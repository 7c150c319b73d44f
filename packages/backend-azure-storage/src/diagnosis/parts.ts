/** Whether all parts of the hub are there, and whether this identity may use them. */
import { BackendConfigurationError, StorageAccessDeniedError, spanText } from "@perdure/core";
import type { FindingSubject, Trouble } from "@perdure/core";
import { StorageConflict, StorageRejectedError } from "../storage/storage-errors";
import type { DiagnosisServices } from "./services";

interface Part {
  readonly subject: FindingSubject;
  /** Reads something. */
  readonly read: () => Promise<unknown>;
  /** Asks to delete what is not there: refused without the right to write, and else without effect. */
  readonly probe: () => Promise<unknown>;
}

/** A key that nothing has. */
const NOBODY = "perdure-doctor-probe";

export async function* partTroubles(services: DiagnosisServices): AsyncGenerator<Trouble, undefined> {
  for (const { subject, read, probe } of await partsOf(services)) {
    const trouble = await judge(subject, read);
    if (trouble?.kind === "StorageIncomplete") yield missing(services, trouble);
    else if (trouble) yield trouble;
    else {
      const refusal = await judge(subject, probe);
      if (refusal)
        yield { ...refusal, severity: "warning", message: `It may be read, not changed: ${refusal.message}` };
    }
  }
  return undefined;
}

/** How many partitions there were is told by their table alone. */
function missing({ settings, names, createTaskHub }: DiagnosisServices, trouble: Trouble): Trouble {
  if (trouble.subject.id === names.partitions && !settings.partitionCountIsExplicit) {
    return {
      ...trouble,
      advice: "Say with 'partitionCount' how many partitions the hub had, and create it again, empty.",
    };
  }
  return { ...trouble, repair: () => createTaskHub().then(() => "Created what was missing, empty.") };
}

export function* skewTroubles({ settings, clockSkew }: DiagnosisServices): Generator<Trouble> {
  const { aheadMs = 0, uncertaintyMs = 0 } = clockSkew() ?? {};
  if (Math.abs(aheadMs) - uncertaintyMs <= settings.maxSkewMs) return;
  yield {
    ...{ kind: "ClockSkew", severity: "warning", subject: { type: "hub", id: "clock" } },
    message: `This machine's clock is ${spanText(aheadMs)} ${aheadMs > 0 ? "ahead of" : "behind"} storage's.`,
    advice:
      "Set the clock, best by time synchronisation (NTP). Timers go by storage's clock and are not wrong.",
  };
}

async function partsOf(services: DiagnosisServices): Promise<readonly Part[]> {
  const { storage, names, controlQueue } = services;
  const table = (name: string): Part => ({
    subject: { type: "table", id: name },
    read: () => storage.table(name).query({ pageSize: 1 }),
    probe: () => storage.table(name).write({ kind: "delete", partitionKey: NOBODY, rowKey: NOBODY }),
  });
  const queue = (name: string, store = storage.queue(name)): Part => ({
    subject: { type: "queue", id: name },
    read: () => store.count(),
    probe: () => store.delete({ messageId: "00000000-0000-0000-0000-000000000000", popReceipt: "AAAA" }),
  });
  const container = storage.container(names.largeMessages);
  const leases = await services.leases.readAll().catch(() => []);
  return [
    ...[names.partitions, names.history, names.instances, names.deadLetters].map(table),
    queue(names.workItems),
    ...leases.map(({ partition }) => queue(names.control(partition), controlQueue(partition))),
    {
      subject: { type: "container", id: names.largeMessages },
      read: () => container.page(1),
      probe: () => container.delete(NOBODY),
    },
  ];
}

async function judge(subject: FindingSubject, ask: () => Promise<unknown>): Promise<Trouble | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    if (error instanceof StorageConflict || error instanceof StorageRejectedError) return undefined; // it was let in
    const base = { severity: "error", subject } as const;
    if (StorageAccessDeniedError.is(error)) {
      return {
        ...{ ...base, kind: "StorageAccessDenied", message: error.message },
        advice:
          "Give this identity the roles Storage Table, Queue and Blob Data Contributor, or a key or signature with these rights.",
      };
    }
    if (BackendConfigurationError.is(error)) {
      return {
        ...{
          ...base,
          kind: "StorageIncomplete",
          message: `The ${subject.type} '${subject.id}' does not exist.`,
        },
        advice:
          "Create it again, empty; what was in it is lost, and what is waited for shows in a second look.",
      };
    }
    throw error;
  }
}
