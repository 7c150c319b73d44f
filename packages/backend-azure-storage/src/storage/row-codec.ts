/**
 * Rows as the table service's JSON. Numbers take the narrowest type that holds them exactly: Int32, else Int64 (text in
 * JSON) for other safe integers, else Double. Dates have milliseconds. Columns of types that we do not write are read as
 * text.
 */
import { StorageRejectedError } from "./storage-errors";
import type { ColumnValue, StoredRow, TableRow } from "./storage";

type JsonValue = string | number | boolean;

/** A row in an answer. A column that was selected and that the row lacks is null. */
export type JsonRow = Readonly<Record<string, JsonValue | null>>;

/** Longest string of a column, in UTF-16 units. */
const MAX_STRING_LENGTH = 32 * 1024;
const TYPE = "@odata.type";
/** What JSON leaves as it is and the emulator's parser of transactions takes for the end of a line (Azurite 3.35). */
const LINE_SEPARATORS = /[\u2028\u2029]/g;
const KEYS: ReadonlyMap<string, string> = new Map([
  ["PartitionKey", "partitionKey"],
  ["RowKey", "rowKey"],
]);

/**
 * A row that was read can be written again: its ETag is not a column.
 *
 * @throws StorageRejectedError when a value does not fit into a column.
 */
export function encodeRow(row: TableRow): string {
  const encoded: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(row)) {
    if (name === "partitionKey") encoded["PartitionKey"] = row.partitionKey;
    else if (name === "rowKey") encoded["RowKey"] = row.rowKey;
    else if (name !== "etag") encodeColumn(encoded, name, value);
  }
  return JSON.stringify(encoded).replace(LINE_SEPARATORS, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16)}`;
}

function encodeColumn(encoded: Record<string, JsonValue>, name: string, value: ColumnValue): void {
  if (value === undefined) return;
  if (typeof value === "number") {
    encodeNumber(encoded, name, value);
  } else if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw invalidColumn(name, "is an invalid date");
    encoded[name + TYPE] = "Edm.DateTime";
    encoded[name] = value.toISOString();
  } else {
    if (typeof value === "string" && value.length > MAX_STRING_LENGTH) throw tooLong(name, value.length);
    encoded[name] = value;
  }
}

function encodeNumber(encoded: Record<string, JsonValue>, name: string, value: number): void {
  if (!Number.isFinite(value)) throw invalidColumn(name, `is ${value}`);
  if ((value | 0) === value) {
    encoded[name] = value;
  } else if (Number.isSafeInteger(value)) {
    encoded[name + TYPE] = "Edm.Int64";
    encoded[name] = String(value);
  } else {
    encoded[name + TYPE] = "Edm.Double";
    encoded[name] = value;
  }
}

function invalidColumn(name: string, problem: string): StorageRejectedError {
  return new StorageRejectedError(`Column '${name}' ${problem}, which a table cannot store.`, "InvalidInput");
}

function tooLong(name: string, length: number): StorageRejectedError {
  return new StorageRejectedError(
    `Column '${name}' has ${length} characters; a column holds ${MAX_STRING_LENGTH}.`,
    "PropertyValueTooLarge",
  );
}

/** @param etag The row's ETag when it is not in the JSON itself. */
export function decodeRow(json: JsonRow, etag = ""): StoredRow {
  const row: Record<string, ColumnValue> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name.includes("odata.") || name === "Timestamp" || value === null) continue;
    row[KEYS.get(name) ?? name] = decodeColumn(value, json[name + TYPE]);
  }
  row["etag"] = json["odata.etag"] ?? etag;
  return row as StoredRow;
}

function decodeColumn(value: JsonValue, type: JsonRow[string] | undefined): ColumnValue {
  if (type === "Edm.DateTime") return new Date(String(value));
  if (type === "Edm.Int64" || type === "Edm.Double") return Number(value);
  return value;
}
