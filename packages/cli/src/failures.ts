import { DurableError } from "@perdure/core";
import { ManagementApiError } from "@perdure/http";
import { EXIT_CODES } from "./exit-codes";
import type { Outcome } from "./exit-codes";

/** Ends the command with an outcome other than ok. An empty message: all has been said. */
export class CommandFailure extends Error {
  constructor(
    readonly outcome: Outcome,
    message: string,
    /** What to do now, one line each. */
    readonly hints: readonly string[] = [],
    /** As in the reference of error codes, where there is one. */
    readonly code?: string,
  ) {
    super(message);
    this.name = "CommandFailure";
  }

  get exitCode(): number {
    return EXIT_CODES[this.outcome];
  }
}

/** The command line is wrong, and nothing was done. */
export function usageFailure(message: string, ...hints: readonly string[]): CommandFailure {
  return new CommandFailure("usage", message, hints);
}

const OUTCOME_BY_CODE: Readonly<Record<string, Outcome>> = {
  InvalidArgument: "usage",
  NotSerializable: "usage",
  PayloadTooLarge: "usage",
  BackendConfiguration: "usage",
  DuplicateRegistration: "usage",
  InvalidDefinition: "usage",
  InstanceNotFound: "notFound",
  TimerNotFound: "notFound",
  ScheduleNotFound: "notFound",
  InstanceAlreadyExists: "conflict",
  ScheduleAlreadyExists: "conflict",
  InvalidInstanceState: "conflict",
  StorageUnavailable: "unreachable",
  StorageAccessDenied: "unreachable",
  WaitTimeout: "timeout",
  OrchestrationFailed: "instanceFailed",
};

/** Any error as an end of the command. */
export function toCommandFailure(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (ManagementApiError.is(error)) return ofApi(error);
  if (DurableError.is(error))
    return new CommandFailure(OUTCOME_BY_CODE[error.code] ?? "failure", error.message, [], error.code);
  const message = error instanceof Error ? error.message : String(error);
  return new CommandFailure("failure", message === "" ? "Something failed without saying what." : message);
}

function ofApi({ failure, httpStatus, message, code }: ManagementApiError): CommandFailure {
  switch (failure) {
    case "Unauthorized":
    case "Forbidden":
      return new CommandFailure(
        "unreachable",
        message,
        ["Give a key that may do this, in PERDURE_KEY."],
        code,
      );
    case "Unreachable":
      return new CommandFailure("unreachable", message, [], code);
    case "TimedOut":
      return new CommandFailure("timeout", message, [], code);
    case "NotFound":
    case "MethodNotAllowed":
    case "UnsupportedMediaType":
    case "IdempotencyKeyReused":
    case "RateLimited":
    case "InternalError":
    case "UnexpectedAnswer":
      return new CommandFailure(outcomeOf(httpStatus), message, [], code);
  }
}

function outcomeOf(httpStatus: number | undefined): Outcome {
  if (httpStatus === 404) return "notFound";
  return httpStatus === 409 || httpStatus === 410 ? "conflict" : "failure";
}
