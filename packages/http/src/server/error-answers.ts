/** What a request that fails is answered with: no more than the caller can use. The rest is in the log. */
import { randomUUID } from "node:crypto";
import {
  DurableError,
  InstanceAlreadyExistsError,
  InstanceNotFoundError,
  InvalidInstanceStateError,
  ScheduleAlreadyExistsError,
  ScheduleNotFoundError,
  TimerNotFoundError,
  isTerminal,
  optional,
  toError,
} from "@perdure/core";
import type { Logger, RuntimeStatus } from "@perdure/core";
import type { ErrorBody } from "../contract/errors";
import { Refusal } from "./refusal";

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  InvalidArgument: 400,
  NotSerializable: 400,
  InvalidDefinition: 400,
  PayloadTooLarge: 413,
  InstanceNotFound: 404,
  TimerNotFound: 404,
  ScheduleNotFound: 404,
  InstanceAlreadyExists: 409,
  ScheduleAlreadyExists: 409,
};

/** Storage's own words may tell of accounts and addresses. */
const STORAGE_TEXTS: Readonly<Record<string, string>> = {
  StorageUnavailable: "Storage cannot be reached at the moment. Try again.",
  StorageAccessDenied: "Storage refuses the server's credentials. Its operator must look at them.",
};

/** Makes the answer, and logs what the caller is not told. `route` names the request in the log. */
export function answerOf(error: unknown, route: string, logger: Logger): Response {
  if (error instanceof Refusal) {
    const { status, code, message, details } = error;
    const issues = details.issues && { issues: [...details.issues] };
    return answer(status, { code, message, ...details.facts, ...issues }, details.headers);
  }
  if (DurableError.is(error)) {
    if (Object.hasOwn(STORAGE_TEXTS, error.code)) return storageAnswer(error, route, logger);
    const status = statusOf(error);
    if (status !== undefined)
      return answer(status, { code: error.code, message: error.message, ...factsOf(error) });
  }
  return internalAnswer(error, route, logger);
}

function statusOf(error: DurableError): number | undefined {
  if (InvalidInstanceStateError.is(error)) return isTerminal(error.status as RuntimeStatus) ? 410 : 409;
  return Object.hasOwn(STATUS_BY_CODE, error.code) ? STATUS_BY_CODE[error.code] : undefined;
}

function factsOf(error: DurableError): Partial<ErrorBody> {
  if (InvalidInstanceStateError.is(error) || InstanceAlreadyExistsError.is(error))
    return { instanceId: error.instanceId, status: error.status };
  if (InstanceNotFoundError.is(error)) return { instanceId: error.instanceId };
  if (TimerNotFoundError.is(error)) return { instanceId: error.instanceId, timerId: error.timerId };
  if (ScheduleNotFoundError.is(error) || ScheduleAlreadyExistsError.is(error))
    return { scheduleId: error.scheduleId };
  return {};
}

function storageAnswer(error: DurableError, route: string, logger: Logger): Response {
  const errorId = logged(error, route, logger);
  const message = STORAGE_TEXTS[error.code] ?? "";
  return answer(503, { code: error.code, message, errorId }, { "retry-after": "5" });
}

function internalAnswer(error: unknown, route: string, logger: Logger): Response {
  const errorId = logged(error, route, logger);
  const message = `The server could not do this; its log says why, under error id ${errorId}.`;
  return answer(500, { code: "InternalError", message, errorId });
}

function logged(error: unknown, route: string, logger: Logger): string {
  const errorId = randomUUID();
  const { message, stack } = toError(error);
  logger.error("management request failed", { errorId, route, error: message, ...optional("stack", stack) });
  return errorId;
}

function answer(
  status: number,
  body: Omit<ErrorBody, "Message">,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ ...body, Message: body.message } satisfies ErrorBody, { status, headers });
}
