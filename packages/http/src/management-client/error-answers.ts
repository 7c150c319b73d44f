/** Answers that tell of an error, as the errors that `Client` throws for the same. */
import {
  InstanceAlreadyExistsError,
  InstanceNotFoundError,
  InvalidArgumentError,
  InvalidInstanceStateError,
  NotSerializableError,
  PayloadTooLargeError,
  ScheduleAlreadyExistsError,
  ScheduleNotFoundError,
  StorageAccessDeniedError,
  StorageUnavailableError,
  TimerNotFoundError,
} from "@perdure/core";
import type { DurableError } from "@perdure/core";
import type { ErrorBody } from "../contract/errors";
import { ManagementApiError } from "../management-error";
import type { ManagementFailure } from "../management-error";

type MakeError = (body: ErrorBody) => DurableError;

const ERRORS: Readonly<Record<string, MakeError>> = {
  InvalidArgument: ({ message }) => new InvalidArgumentError(message),
  NotSerializable: () => new NotSerializableError("value", "the server says so"),
  PayloadTooLarge: () => new PayloadTooLargeError("payload", 0, 0),
  InstanceNotFound: ({ instanceId }) => new InstanceNotFoundError(instanceId ?? ""),
  InstanceAlreadyExists: ({ instanceId, status }) =>
    new InstanceAlreadyExistsError(instanceId ?? "", status ?? ""),
  InvalidInstanceState: ({ instanceId, status }) =>
    new InvalidInstanceStateError(instanceId ?? "", status ?? "", ""),
  TimerNotFound: ({ instanceId, timerId }) => new TimerNotFoundError(instanceId ?? "", timerId ?? 0),
  ScheduleNotFound: ({ scheduleId }) => new ScheduleNotFoundError(scheduleId ?? ""),
  ScheduleAlreadyExists: ({ scheduleId }) => new ScheduleAlreadyExistsError(scheduleId ?? ""),
  StorageUnavailable: ({ message }) => new StorageUnavailableError(message),
  StorageAccessDenied: ({ message }) => new StorageAccessDeniedError(message),
};

const FAILURES: readonly string[] = [
  "Unauthorized",
  "Forbidden",
  "NotFound",
  "MethodNotAllowed",
  "UnsupportedMediaType",
  "IdempotencyKeyReused",
  "RateLimited",
  "InternalError",
] satisfies readonly ManagementFailure[];

/** The error an answer tells of; its message is the server's. */
export function errorOf(httpStatus: number, text: string): DurableError {
  const body = parse(text);
  if (!body) {
    return new ManagementApiError(
      `The server answered ${httpStatus}, and not as a management API does. Check the URL and its path.`,
      "UnexpectedAnswer",
      httpStatus,
    );
  }
  const make = Object.hasOwn(ERRORS, body.code) ? ERRORS[body.code] : undefined;
  if (!make) return new ManagementApiError(body.message, failureOf(body.code), httpStatus);
  const error = make(body);
  error.message = body.message;
  return error;
}

function failureOf(code: string): ManagementFailure {
  return FAILURES.includes(code) ? (code as ManagementFailure) : "UnexpectedAnswer";
}

function parse(text: string): ErrorBody | undefined {
  try {
    const body = JSON.parse(text) as Partial<ErrorBody> | null;
    return typeof body?.code === "string" && typeof body.message === "string"
      ? (body as ErrorBody)
      : undefined;
  } catch {
    return undefined;
  }
}
