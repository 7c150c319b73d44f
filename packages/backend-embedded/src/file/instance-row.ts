/**
 * The row of an instance: `<commits> <status> <JSON>`. The number of its commits tells whether what somebody knows of
 * it is still true; the status can be told without parsing.
 */
import { CorruptStorageError, optional, startsLater } from "@perdure/core";
import type { InstanceState, InstanceStatus, Payload, RuntimeStatus, StartMessage } from "@perdure/core";

export interface InstanceRow {
  /** How often the row has been written. */
  readonly commits: number;
  /** Rows of history there are. */
  readonly turns: number;
  /** Absent until the first checkpoint. */
  readonly state?: InstanceState;
  /** Input of the current generation. Absent when there is none, and when it is long: the history has it. */
  readonly input?: Payload;
  /** Set when `input` is left out for its length. */
  readonly inputInHistory?: true;
  /** The start of an instance that has been created, until a session has dealt with it, and its number in the inbox. */
  readonly pending?: { readonly message: StartMessage; readonly number: number };
}

/** Inputs up to this length, in characters, are kept in the row. */
const LONGEST_INLINE_INPUT = 1024;

export function statusOf({ state, pending }: InstanceRow): RuntimeStatus | undefined {
  return pending ? "Pending" : state?.status;
}

/** What the indexes say of it. */
export function indexed(row: InstanceRow): { name: string; status: RuntimeStatus; createdAt: number } {
  const { pending, state } = row;
  if (pending) {
    const { name, timestamp } = pending.message.event;
    return { name, status: "Pending", createdAt: timestamp };
  }
  if (!state) throw new CorruptStorageError("An instance has neither a state nor a start.");
  return { name: state.name, status: state.status, createdAt: state.createdAt };
}

export function formatRow(row: InstanceRow): string {
  const { commits, ...rest } = row;
  return `${commits} ${statusOf(row) ?? ""} ${JSON.stringify(rest)}`;
}

export function parseRow(text: string): InstanceRow {
  const json = text.indexOf("{");
  const rest = JSON.parse(text.slice(json)) as Omit<InstanceRow, "commits">;
  return { ...rest, commits: Number(text.slice(0, text.indexOf(" "))) };
}

export function statusIn(text: string): RuntimeStatus {
  const start = text.indexOf(" ") + 1;
  return text.slice(start, text.indexOf(" ", start)) as RuntimeStatus;
}

/** Whether `text` is the row of this commit. */
export function isCommit(text: string | undefined, commits: number): boolean {
  return text?.startsWith(`${commits} `) ?? commits === 0;
}

export function keptInput(input: Payload | undefined): Pick<InstanceRow, "input" | "inputInHistory"> {
  if (input === undefined) return {};
  return input.length <= LONGEST_INLINE_INPUT ? { input } : { inputInHistory: true };
}

/** @param input Called when the row does not have it. */
export function toStatus(row: InstanceRow, input: () => Payload | undefined): InstanceStatus | undefined {
  if (row.pending) return pendingStatus(row.pending.message);
  if (!row.state) return undefined;
  const { startExecutionId: _start, recentMessageIds: _ids, carriedOutbox: _carried, ...visible } = row.state;
  return { ...visible, ...optional("input", row.inputInHistory ? input() : row.input) };
}

function pendingStatus({ instanceId, event }: StartMessage): InstanceStatus {
  return {
    instanceId,
    executionId: event.executionId,
    name: event.name,
    ...optional("version", event.version),
    status: "Pending",
    createdAt: event.timestamp,
    lastUpdatedAt: event.timestamp,
    ...optional("scheduledStartTime", event.scheduledStartTime),
    ...optional("nextTimerAt", startsLater(event) ? event.scheduledStartTime : undefined),
    ...optional("parent", event.parent),
    ...optional("tags", event.tags),
    ...optional("input", event.input),
  };
}
