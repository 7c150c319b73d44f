import { DurableError } from "@perdure/core";

/** Why a request to the management API had no answer, or one that is about the request and not about instances. */
export type ManagementFailure =
  | "Unreachable"
  | "TimedOut"
  | "Unauthorized"
  | "Forbidden"
  | "NotFound"
  | "MethodNotAllowed"
  | "UnsupportedMediaType"
  | "IdempotencyKeyReused"
  | "RateLimited"
  | "InternalError"
  | "UnexpectedAnswer";

/** The management API could not be reached, or refused the request as such. */
export class ManagementApiError extends DurableError {
  readonly code = "ManagementApi";

  constructor(
    message: string,
    readonly failure: ManagementFailure,
    /** HTTP status of the answer, if there was one. */
    readonly httpStatus?: number,
    cause?: unknown,
  ) {
    super(message, cause);
  }

  static override is(value: unknown): value is ManagementApiError {
    return value instanceof Error && "code" in value && value.code === "ManagementApi";
  }
}
