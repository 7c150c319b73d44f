import { BackendConfigurationError, InvalidArgumentError } from "@perdure/core";
import type { Storage } from "../../src/storage/storage";
import { StorageConflict, StorageRejectedError } from "../../src/storage/storage-errors";
import type { Both, Side } from "./differential-words";

/** One call of an interface of storage, made on both sides. */
export interface Operation<T = unknown> {
  /** What it is counted as. */
  readonly kind: string;
  /** For the report of a difference. */
  readonly text: string;
  run(storage: Storage, side: Side): Promise<T>;
  /** Takes what both sides made up. @param from Time before both calls, and `to` after them, in milliseconds. */
  learn?(answers: Both<T>, from: number, to: number): void;
  /** What both sides must answer alike. Default: all of it. */
  view?(answer: T, side: Side): unknown;
  /** The difference that storage may make here: its name, or undefined when the answers must be the same. */
  allows?(views: Both<string>): string | undefined;
}

/** Where operations come from. */
export interface OperationSource {
  /** The next one; resolves when the time has come to make it. */
  next(): Promise<Operation>;
}

export type Outcome<T = unknown> = { readonly value: T } | { readonly refusal: string };

export async function outcomeOf<T>(
  operation: Operation<T>,
  storage: Storage,
  side: Side,
): Promise<Outcome<T>> {
  try {
    return { value: await operation.run(storage, side) };
  } catch (error) {
    return { refusal: refusalOf(error) };
  }
}

/** Errors by which storage answers a request; all others say that there was no answer. */
const ANSWERS = [BackendConfigurationError, InvalidArgumentError, StorageRejectedError];

/** A difference that storage may make: of two faults of one request it tells one, and does not promise which. */
export const EITHER_REFUSAL = "of two faults either is told";

export function isRefusal(view: string): boolean {
  return ANSWERS.some(({ name }) => view === name) || view.startsWith("StorageConflict ");
}

/** The class of an error, with what callers decide by. */
function refusalOf(error: unknown): string {
  if (error instanceof StorageConflict) return `StorageConflict ${error.kind}`;
  if (ANSWERS.some((answer) => error instanceof answer)) return (error as Error).name;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** A value as text, the same for equal values. */
export function canonical(value: unknown): string {
  return JSON.stringify(ordered(value)) ?? "undefined";
}

function ordered(value: unknown): unknown {
  if (value instanceof Date) return { date: value.getTime() };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) => [name, ordered(each)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
