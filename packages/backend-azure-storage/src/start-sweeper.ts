/**
 * Queues again the start of instances whose client died between inserting the row and queueing the message: rows that
 * are Pending for more than a minute and have no history. Repeats are harmless: the message has the id it had.
 */
import type { HistoryTable } from "./history-table";
import { startOf } from "./instance-table";
import type { Payloads } from "./payloads";
import type { Settings } from "./settings";
import { odataDate } from "./storage/odata";
import type { TableStore } from "./storage/storage";
import type { TaskMessage } from "@perdure/core";
import { instanceIdOf } from "./names";

/** A worker that starts, perhaps after a crash, looks sooner: after this part of the interval. */
const FIRST_PART = 0.1;
const PENDING_FOR_MS = 60_000;

export interface SweeperServices {
  readonly settings: Settings;
  readonly instanceRows: TableStore;
  readonly history: HistoryTable;
  readonly payloads: Payloads;
  /** One worker of the hub sweeps: the owner of partition 0. */
  isResponsible(): boolean;
  send(message: TaskMessage): Promise<void>;
}

export async function sweepStarts(services: SweeperServices, signal: AbortSignal): Promise<void> {
  const { clock, logger, sweepMs } = services.settings;
  await clock.sleep(sweepMs * FIRST_PART, signal);
  while (!signal.aborted) {
    try {
      if (services.isResponsible()) await sweep(services);
    } catch (error) {
      logger.warn("Looking for starts that were never queued failed; trying again later.", { error });
    }
    await clock.sleep(sweepMs, signal);
  }
}

/** One sweep. Resolves with how many starts were queued again. */
async function sweep(services: Omit<SweeperServices, "isResponsible">): Promise<number> {
  const { instanceRows, history, payloads, settings } = services;
  const before = odataDate(settings.clock.now() - PENDING_FOR_MS);
  const filter = `RuntimeStatus eq 'Pending' and CreatedTime lt ${before}`;
  let queued = 0;
  let continuationToken: string | undefined;
  do {
    const page = await instanceRows.query({
      filter,
      ...(continuationToken === undefined ? {} : { continuationToken }),
    });
    for (const row of page.rows) {
      const start = await startOf(row, payloads);
      const current = await history.readState(instanceIdOf(row.partitionKey));
      if (!start || current?.state.startExecutionId === row["StartExecutionId"]) continue;
      await services.send(start);
      queued++;
    }
    continuationToken = page.continuationToken;
  } while (continuationToken !== undefined);
  return queued;
}
