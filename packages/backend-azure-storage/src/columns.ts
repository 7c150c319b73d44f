import { CorruptStorageError } from "@perdure/core";
import { MAX_INLINE_CHARS } from "./payloads";
import type { Payloads } from "./payloads";
import type { ColumnValue, TableRow } from "./storage/storage";

export type Columns = Readonly<Record<string, ColumnValue>>;

/** Suffix of the column that names the blob a long text went to. Durable Task's. */
const BLOB_NAME = "BlobName";

/** Moves texts too long for a column to blobs; `label` begins their names. Adds those names to `created`. */
export async function spillLongTexts(
  columns: Columns,
  payloads: Payloads,
  instanceId: string,
  label: string,
  created: string[],
): Promise<Columns> {
  const long = Object.entries(columns).filter(
    ([, value]) => typeof value === "string" && value.length > MAX_INLINE_CHARS,
  );
  if (long.length === 0) return columns;
  const spilled: Record<string, ColumnValue> = { ...columns };
  await Promise.all(
    long.map(async ([column, text]) => {
      const name = await payloads.put(instanceId, `${label}-${column}`, text as string);
      created.push(name);
      spilled[column] = "";
      spilled[column + BLOB_NAME] = name;
    }),
  );
  return spilled;
}

/** Puts texts that went to blobs back in their columns; `only` limits which. */
export async function restoreLongTexts<T extends TableRow>(
  row: T,
  payloads: Payloads,
  only?: readonly string[],
): Promise<T> {
  const names = Object.keys(row).filter((column) => column.endsWith(BLOB_NAME) && readText(row[column]));
  if (names.length === 0) return row;
  const restored: Record<string, ColumnValue> = { ...row };
  await Promise.all(
    names.map(async (column) => {
      const target = column.slice(0, -BLOB_NAME.length);
      if (only && !only.includes(target)) restored[target] = undefined;
      else restored[target] = await payloads.get(String(row[column]));
    }),
  );
  return restored as T;
}

/** Times the service's date type can hold: years 1601 to 9999. Others are stored as a number. */
const MIN_DATE = Date.UTC(1601, 0, 1);
const MAX_DATE = Date.UTC(9999, 11, 31);

export function timeColumn(time: number | undefined): ColumnValue {
  if (time === undefined) return undefined;
  return time >= MIN_DATE && time <= MAX_DATE && Number.isInteger(time) ? new Date(time) : time;
}

export function readTime(value: ColumnValue): number | undefined {
  return value instanceof Date ? value.getTime() : typeof value === "number" ? value : undefined;
}

export function jsonColumn(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

export function readJson(value: ColumnValue): unknown {
  return typeof value === "string" && value !== "" ? (JSON.parse(value) as unknown) : undefined;
}

export function readText(value: ColumnValue): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function readNumber(row: TableRow, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  throw new CorruptStorageError(`Column ${column} of row ${row.partitionKey}/${row.rowKey} is not a number.`);
}
