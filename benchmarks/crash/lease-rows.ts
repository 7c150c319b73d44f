import { TableClient } from "@azure/data-tables";
import { TASK_HUB } from "./tuning";

/** Who owns a control queue, as `{Hub}Partitions` says. */
export interface LeaseRow {
  readonly partition: number;
  readonly owner: string;
  readonly nextOwner: string;
  readonly expiresAt: string;
  /** How often the partition has been acquired. */
  readonly epoch: number;
  /** Acquisitions that ended by a clean release. */
  readonly cleanEpochs: number;
}

export async function readLeaseRows(connectionString: string): Promise<readonly LeaseRow[]> {
  const table = TableClient.fromConnectionString(connectionString, `${TASK_HUB}Partitions`, {
    allowInsecureConnection: true,
  });
  const rows: LeaseRow[] = [];
  for await (const row of table.listEntities()) {
    rows.push({
      partition: Number(row["Partition"]),
      owner: text(row["CurrentOwner"]),
      nextOwner: text(row["NextOwner"]),
      expiresAt: row["ExpiresAt"] instanceof Date ? row["ExpiresAt"].toISOString() : text(row["ExpiresAt"]),
      epoch: Number(row["Epoch"]),
      cleanEpochs: (JSON.parse(text(row["CleanEpochs"]) || "[]") as unknown[]).length,
    });
  }
  return rows;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
