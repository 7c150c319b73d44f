/** What a test and the processes it starts say to each other: lines of JSON, in order. */
import type { EmbeddedBackendOptions } from "../../src";

/** A part of the backend in the process, or something that it has locked, by its handle. */
export type Target =
  "host" | "backend" | "orchestrations" | "activities" | "instances" | "deadLetters" | number;

export type Request =
  | {
      readonly kind: "call";
      readonly id: number;
      readonly target: Target;
      readonly method: string;
      readonly args: readonly unknown[];
      /** Whether a signal follows the arguments. */
      readonly hasSignal: boolean;
    }
  /** The signal of a call has aborted. */
  | { readonly kind: "abort"; readonly id: number };

export type Reply =
  | { readonly kind: "result"; readonly id: number; readonly result?: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: PlainError }
  /** What was locked is lost. */
  | { readonly kind: "lost"; readonly handle: number };

/** From the test to the thread that has the processes. */
export type Order =
  | { readonly kind: "start"; readonly process: number }
  | { readonly kind: "send"; readonly process: number; readonly text: string }
  | { readonly kind: "signal"; readonly process: number; readonly signal: NodeJS.Signals };

export type Report =
  | { readonly kind: "said"; readonly process: number; readonly text: string }
  | { readonly kind: "exited"; readonly process: number };

export type HostOptions = Omit<EmbeddedBackendOptions, "clock" | "logger">;

export interface RemoteSession {
  readonly handle: number;
  readonly instanceId: string;
}

export interface RemoteItem {
  readonly handle: number;
  readonly message: unknown;
  readonly deliveryCount: number;
}

/** An error with what is its own, to be told apart by its code. */
interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function toPlain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), fields: {} };
  return { name: error.name, message: error.message, fields: Object.fromEntries(Object.entries(error)) };
}

export function fromPlain({ name, message, fields }: PlainError): Error {
  return Object.assign(new Error(message), fields, { name });
}

export function toText(value: Request | Reply): string {
  return JSON.stringify(value, (_key, part: unknown) => (part instanceof Set ? { set: [...part] } : part));
}

export function fromText(text: string): unknown {
  return JSON.parse(text, (key, part: unknown) =>
    key === "localActivities" ? new Set((part as { readonly set: readonly unknown[] }).set) : part,
  );
}
