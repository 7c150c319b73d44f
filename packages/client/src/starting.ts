import { randomUUID } from "node:crypto";
import { InvalidArgumentError, assertInstanceId, assertName, momentMs, optional } from "@perdure/core";
import type { Duration, Payload, StartMessage, TerminalStatus } from "@perdure/core";
import { FINISHED, assertTags, statusList } from "./arguments";

export interface StartOptions {
  /** 1 to 256 characters, none of `/ \ # ?`, no leading `@`, not `.` or `..`. Default: 32 random hex digits. */
  readonly instanceId?: string;
  /** No code runs before; a time that has passed means at once. Not together with `delay`. */
  readonly startAt?: Date;
  /** As `startAt`, counted from now. */
  readonly delay?: Duration;
  /** Kept with the instance for queries. Children inherit them. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Recorded with the instance. Default: the definition's. */
  readonly version?: string;
  /**
   * Statuses in which a former instance of this id is replaced. An instance that has not finished is never replaced:
   * terminate it first. Default: Completed, Failed and Terminated, or none of them with `ifExists: "attach"`.
   */
  readonly reuse?: readonly TerminalStatus[];
  /**
   * When the id is taken and not reusable. `"fail"`: throw InstanceAlreadyExistsError. `"attach"`: return a handle to
   * the instance there is, running or finished, with `created` false. Default: `"fail"`.
   */
  readonly ifExists?: "fail" | "attach";
}

interface NewInstance {
  readonly instanceId: string;
  readonly name: string;
  readonly version?: string;
  readonly input?: Payload;
  readonly tags?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly scheduledStartTime?: number;
}

export function newInstanceId(): string {
  return randomUUID().replaceAll("-", "");
}

/** Checks the options that describe the instance. @throws InvalidArgumentError */
export function newInstance(
  name: string,
  input: Payload | undefined,
  options: StartOptions,
  now: number,
): NewInstance {
  const { instanceId = newInstanceId(), tags, version } = options;
  assertInstanceId(instanceId);
  if (tags !== undefined) assertTags(tags);
  if (version !== undefined) assertName(version, "The version");
  return {
    instanceId,
    name,
    ...optional("version", version),
    ...optional("input", input),
    ...optional("tags", tags && { ...tags }),
    ...optional("scheduledStartTime", scheduledStartTime(options, now)),
  };
}

/** Checks the options that say what happens when the id is taken. @throws InvalidArgumentError */
export function reusableStatuses({ reuse, ifExists = "fail" }: StartOptions): readonly TerminalStatus[] {
  if (!["fail", "attach"].includes(ifExists)) {
    throw new InvalidArgumentError('ifExists is not known: give "fail" or "attach".');
  }
  if (reuse === undefined) return ifExists === "attach" ? [] : FINISHED;
  if (Array.isArray(reuse) && reuse.length === 0) return [];
  return statusList(
    reuse,
    FINISHED,
    "reuse",
    " Terminate an instance that has not finished before its id is reused.",
  );
}

export function startMessage({ instanceId, ...start }: NewInstance, now: number): StartMessage {
  return {
    id: randomUUID(),
    instanceId,
    event: { type: "ExecutionStarted", timestamp: now, executionId: newInstanceId(), ...start },
  };
}

function scheduledStartTime({ startAt, delay }: StartOptions, now: number): number | undefined {
  if (startAt !== undefined && delay !== undefined) {
    throw new InvalidArgumentError("Both startAt and delay are given: give one of them.");
  }
  if (startAt === undefined) return delay === undefined ? undefined : momentMs(delay, now, "delay");
  if (startAt instanceof Date) return momentMs(startAt, now, "startAt");
  throw new InvalidArgumentError("startAt is not a Date: give one, or a duration as delay.");
}
