import { CorruptStorageError, decode, optional } from "@perdure/core";
import type {
  BlockedReason,
  FailureDetails,
  InstanceStatus,
  ParentInstance,
  Payload,
  RuntimeStatus,
} from "@perdure/core";

/** An instance as it stood at one moment. A field is absent when there is nothing to say. */
export interface InstanceSnapshot<TOutput = unknown> {
  readonly instanceId: string;
  /** Changes with every generation: continue-as-new, rewind, and reuse of the id. */
  readonly executionId: string;
  /** Of the orchestration. */
  readonly name: string;
  readonly version?: string;
  readonly status: RuntimeStatus;
  readonly createdAt: Date;
  readonly lastUpdatedAt: Date;
  readonly completedAt?: Date;
  /** Before it no code of the instance runs. */
  readonly scheduledStartTime?: Date;
  /** When the first of its pending timers is due. */
  readonly nextTimerAt?: Date;
  /** External events its code waits for, the oldest few. Not in lists. */
  readonly awaitedEvents?: readonly { readonly name: string; readonly since: Date }[];
  /** The instance that started it with `ctx.startDetached`. */
  readonly startedBy?: string;
  /** Set for a sub-orchestration. */
  readonly parent?: ParentInstance;
  readonly tags?: Readonly<Record<string, string>>;
  /** Of the current generation. */
  readonly input?: unknown;
  readonly customStatus?: unknown;
  /** Set once Completed, unless the orchestration returned nothing. */
  readonly output?: TOutput;
  /** Set when Failed or Terminated. */
  readonly failure?: FailureDetails;
  /** Set when Blocked. */
  readonly blocked?: BlockedReason;
}

/** @throws CorruptStorageError when a payload is not JSON; the text has no part of it. */
export function toSnapshot<TOutput>(status: InstanceStatus): InstanceSnapshot<TOutput> {
  const { createdAt, lastUpdatedAt, completedAt, scheduledStartTime, nextTimerAt, ...others } = status;
  const { input, customStatus, output, awaitedEvents, notify: _notify, ...rest } = others;
  const decoded = (payload: Payload | undefined, what: string): unknown =>
    decodeStored(payload, `${what} of instance '${status.instanceId}'`);
  return {
    ...rest,
    createdAt: new Date(createdAt),
    lastUpdatedAt: new Date(lastUpdatedAt),
    ...optional("completedAt", dateOf(completedAt)),
    ...optional("scheduledStartTime", dateOf(scheduledStartTime)),
    ...optional("nextTimerAt", dateOf(nextTimerAt)),
    ...optional(
      "awaitedEvents",
      awaitedEvents?.map(({ name, since }) => ({ name, since: new Date(since) })),
    ),
    ...optional("input", decoded(input, "input")),
    ...optional("customStatus", decoded(customStatus, "custom status")),
    ...optional("output", decoded(output, "output") as TOutput | undefined),
  };
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

function decodeStored(payload: Payload | undefined, what: string): unknown {
  try {
    return decode(payload);
  } catch {
    // The parser's own message quotes the payload.
    throw new CorruptStorageError(
      `The ${what} is stored, but is not JSON. Look at it in storage, or purge the instance.`,
    );
  }
}
