import { tryEncode } from "./codec";
import { DurableError, TaskFailedError } from "./errors";
import { without } from "./fields";
import type { Payload } from "./history/events";

/** A serializable error: the shape Durable Task calls failure details. */
export interface FailureDetails {
  /** Class name of the error, or the `code` of one of ours. */
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: string;
  readonly innerFailure?: FailureDetails;
  /** True when trying again cannot help; retry policies stop at it. */
  readonly isNonRetriable?: boolean;
  /** JSON of the error's `data` property, when it has one that serializes. */
  readonly data?: Payload;
}

const MAX_CAUSES = 16;

/** Turns whatever was thrown into failure details, following `cause` up to 16 links. */
export function toFailure(thrown: unknown): FailureDetails {
  return linked(thrown, MAX_CAUSES);
}

function linked(thrown: unknown, causesLeft: number): FailureDetails {
  if (TaskFailedError.is(thrown)) return shortened(thrown.failure, causesLeft);
  if (!(thrown instanceof Error)) return { errorType: "Error", errorMessage: describeThrown(thrown) };
  const data = "data" in thrown && thrown.data !== undefined ? tryEncode(thrown.data) : undefined;
  return {
    errorType: errorTypeOf(thrown),
    errorMessage: thrown.message,
    ...(thrown.stack === undefined ? {} : { stackTrace: thrown.stack }),
    ...(thrown.cause !== undefined && causesLeft > 0
      ? { innerFailure: linked(thrown.cause, causesLeft - 1) }
      : {}),
    ...("isNonRetriable" in thrown && thrown.isNonRetriable === true ? { isNonRetriable: true } : {}),
    ...(data === undefined ? {} : { data }),
  };
}

/** Each hop from child to parent may add links: the chain must not grow with the depth of the nesting. */
function shortened(failure: FailureDetails, causesLeft: number): FailureDetails {
  if (!failure.innerFailure) return failure;
  if (causesLeft === 0) return without(failure, "innerFailure");
  return { ...failure, innerFailure: shortened(failure.innerFailure, causesLeft - 1) };
}

function errorTypeOf(error: Error): string {
  if (DurableError.is(error)) return error.code;
  if (error.name && error.name !== "Error") return error.name;
  return error.constructor.name || "Error";
}

function describeThrown(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  if (typeof thrown === "bigint" || typeof thrown === "symbol" || thrown === undefined) return String(thrown);
  return tryEncode(thrown) ?? Object.prototype.toString.call(thrown);
}

export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(describeThrown(thrown), { cause: thrown });
}
