import type { FailureDetails } from "./failure";
import { isTerminal } from "./instance";
import type { RuntimeStatus } from "./instance";

/** Base of every error this framework raises. `code` is stable; match on it, never on the message. */
export abstract class DurableError extends Error {
  abstract readonly code: string;

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
  }

  /** True for any error of ours, also one from another copy of the package. */
  static is(value: unknown): value is DurableError {
    return (
      value instanceof Error &&
      "code" in value &&
      value.name.endsWith("Error") &&
      durableCodes.has(value.code)
    );
  }
}

function hasCode(value: unknown, code: string): boolean {
  return value instanceof Error && "code" in value && value.code === code;
}

// ── A task failed: user code may catch these ────────────────────────────────────────────────────

/** An activity or sub-orchestration failed. `cause` is the chain of failures behind it, as errors. */
export class TaskFailedError extends DurableError {
  readonly code = "TaskFailed";

  constructor(
    message: string,
    readonly failure: FailureDetails,
  ) {
    super(message, failure.innerFailure && failureAsError(failure.innerFailure));
  }

  static override is(value: unknown): value is TaskFailedError {
    return hasCode(value, "TaskFailed");
  }
}

/** One link of a failure's cause chain. */
function failureAsError(failure: FailureDetails): Error {
  const error = new Error(
    failure.errorMessage,
    failure.innerFailure && { cause: failureAsError(failure.innerFailure) },
  );
  error.name = failure.errorType;
  if (failure.stackTrace !== undefined) error.stack = failure.stackTrace;
  return error;
}

/** Throw it from an activity to say that no retry can help. */
export class NonRetriableError extends DurableError {
  readonly code = "NonRetriable";
  readonly isNonRetriable = true;

  static override is(value: unknown): value is NonRetriableError {
    return hasCode(value, "NonRetriable");
  }
}

/** The time given to a task ran out before it finished. */
export class TaskTimeoutError extends DurableError {
  readonly code = "TaskTimeout";

  static override is(value: unknown): value is TaskTimeoutError {
    return hasCode(value, "TaskTimeout");
  }
}

/** The timer waited for has been cancelled. */
export class TaskCancelledError extends DurableError {
  readonly code = "TaskCancelled";

  static override is(value: unknown): value is TaskCancelledError {
    return hasCode(value, "TaskCancelled");
  }
}

// ── A request was refused: the caller may fix it ────────────────────────────────────────────────

/** An argument has no meaning here; the message says which and what is allowed. */
export class InvalidArgumentError extends DurableError {
  readonly code = "InvalidArgument";

  static override is(value: unknown): value is InvalidArgumentError {
    return hasCode(value, "InvalidArgument");
  }
}

/** A value has no JSON form. */
export class NotSerializableError extends DurableError {
  readonly code = "NotSerializable";
  readonly isNonRetriable = true;

  constructor(what: string, reason: string, cause?: unknown) {
    super(`The ${what} cannot be serialized as JSON: ${reason}. Pass plain data instead.`, cause);
  }

  static override is(value: unknown): value is NotSerializableError {
    return hasCode(value, "NotSerializable");
  }
}

/** A payload is larger than the backend stores. Nothing was written. */
export class PayloadTooLargeError extends DurableError {
  readonly code = "PayloadTooLarge";
  readonly isNonRetriable = true;

  constructor(what: string, bytes: number, maxBytes: number) {
    super(
      `The ${what} takes ${bytes} bytes; this backend stores at most ${maxBytes}. Keep the data elsewhere and pass a reference to it.`,
    );
  }

  static override is(value: unknown): value is PayloadTooLargeError {
    return hasCode(value, "PayloadTooLarge");
  }
}

/** No instance has this id. */
export class InstanceNotFoundError extends DurableError {
  readonly code = "InstanceNotFound";

  constructor(readonly instanceId: string) {
    super(`No instance '${instanceId}' exists in this task hub. Check the id; it may have been purged.`);
  }

  static override is(value: unknown): value is InstanceNotFoundError {
    return hasCode(value, "InstanceNotFound");
  }
}

/** No such timer is pending: it has fired, was cancelled, or the instance has gone on without it. */
export class TimerNotFoundError extends DurableError {
  readonly code = "TimerNotFound";

  constructor(
    readonly instanceId: string,
    readonly timerId: number,
  ) {
    super(
      `Instance '${instanceId}' has no pending timer ${timerId}: it may have fired, or was cancelled. List its timers again.`,
    );
  }

  static override is(value: unknown): value is TimerNotFoundError {
    return hasCode(value, "TimerNotFound");
  }
}

/** There is no schedule with this id, or it has been deleted. */
export class ScheduleNotFoundError extends DurableError {
  readonly code = "ScheduleNotFound";

  constructor(readonly scheduleId: string) {
    super(`No schedule '${scheduleId}' exists in this task hub. Check the id; it may have been deleted.`);
  }

  static override is(value: unknown): value is ScheduleNotFoundError {
    return hasCode(value, "ScheduleNotFound");
  }
}

/** The id is taken by a schedule that has not been deleted. */
export class ScheduleAlreadyExistsError extends DurableError {
  readonly code = "ScheduleAlreadyExists";

  constructor(readonly scheduleId: string) {
    super(`The schedule '${scheduleId}' exists already: update or delete it, or use another id.`);
  }

  static override is(value: unknown): value is ScheduleAlreadyExistsError {
    return hasCode(value, "ScheduleAlreadyExists");
  }
}

/** The id is taken by an instance whose status the reuse policy does not allow to replace. */
export class InstanceAlreadyExistsError extends DurableError {
  readonly code = "InstanceAlreadyExists";
  readonly isNonRetriable = true;

  constructor(
    readonly instanceId: string,
    readonly status: string,
  ) {
    const advice = isTerminal(status as RuntimeStatus)
      ? `list ${status} in 'reuse'`
      : "wait for its end, or terminate it";
    super(`Instance '${instanceId}' already exists and is ${status}. Use another id, or ${advice}.`);
  }

  static override is(value: unknown): value is InstanceAlreadyExistsError {
    return hasCode(value, "InstanceAlreadyExists");
  }
}

/** The instance's status does not allow what was asked of it. */
export class InvalidInstanceStateError extends DurableError {
  readonly code = "InvalidInstanceState";

  constructor(
    readonly instanceId: string,
    readonly status: string,
    explanation: string,
  ) {
    super(`Instance '${instanceId}' is ${status}: ${explanation}`);
  }

  static override is(value: unknown): value is InvalidInstanceStateError {
    return hasCode(value, "InvalidInstanceState");
  }
}

/** The orchestration whose result was asked for failed or was terminated. */
export class OrchestrationFailedError extends DurableError {
  readonly code = "OrchestrationFailed";

  constructor(
    readonly instanceId: string,
    readonly status: "Failed" | "Terminated",
    readonly failure: FailureDetails,
  ) {
    super(
      `Instance '${instanceId}' ${status === "Failed" ? "failed" : "was terminated"}: ${failure.errorMessage}`,
      failureAsError(failure),
    );
  }

  static override is(value: unknown): value is OrchestrationFailedError {
    return hasCode(value, "OrchestrationFailed");
  }
}

/** A wait of the client ended before what it waited for came about. The instance goes on. */
export class WaitTimeoutError extends DurableError {
  readonly code = "WaitTimeout";

  static override is(value: unknown): value is WaitTimeoutError {
    return hasCode(value, "WaitTimeout");
  }
}

// ── The code is wrong: the developer must fix it ────────────────────────────────────────────────

/** Two registrations in one worker have the same name. */
export class DuplicateRegistrationError extends DurableError {
  readonly code = "DuplicateRegistration";

  constructor(kind: string, name: string) {
    super(`Two definitions register the ${kind} '${name}' with one worker. Remove or rename one of them.`);
  }

  static override is(value: unknown): value is DuplicateRegistrationError {
    return hasCode(value, "DuplicateRegistration");
  }
}

/** A definition cannot work, for example an orchestrator that is an async function. */
export class InvalidDefinitionError extends DurableError {
  readonly code = "InvalidDefinition";

  static override is(value: unknown): value is InvalidDefinitionError {
    return hasCode(value, "InvalidDefinition");
  }
}

/** No worker that took the activity has code for it. */
export class ActivityNotRegisteredError extends DurableError {
  readonly code = "ActivityNotRegistered";
  readonly isNonRetriable = true;

  constructor(name: string) {
    super(
      `No activity '${name}' is registered with the worker that took it. Check the spelling, or register it.`,
    );
  }

  static override is(value: unknown): value is ActivityNotRegisteredError {
    return hasCode(value, "ActivityNotRegistered");
  }
}

// ── Storage: for the dispatcher and for operators ───────────────────────────────────────────────

/** Another owner has the work item now: nothing was changed, drop it silently. */
export class WorkItemLockLostError extends DurableError {
  readonly code = "WorkItemLockLost";

  static override is(value: unknown): value is WorkItemLockLostError {
    return hasCode(value, "WorkItemLockLost");
  }
}

/** Storage could not be reached, or kept failing. */
export class StorageUnavailableError extends DurableError {
  readonly code = "StorageUnavailable";

  static override is(value: unknown): value is StorageUnavailableError {
    return hasCode(value, "StorageUnavailable");
  }
}

/** Storage refused the credentials or the permissions behind them. */
export class StorageAccessDeniedError extends DurableError {
  readonly code = "StorageAccessDenied";

  static override is(value: unknown): value is StorageAccessDeniedError {
    return hasCode(value, "StorageAccessDenied");
  }
}

/** The backend's options contradict themselves or the task hub they point to. */
export class BackendConfigurationError extends DurableError {
  readonly code = "BackendConfiguration";

  static override is(value: unknown): value is BackendConfigurationError {
    return hasCode(value, "BackendConfiguration");
  }
}

/** What is stored cannot be read as what it should be. */
export class CorruptStorageError extends DurableError {
  readonly code = "CorruptStorage";

  static override is(value: unknown): value is CorruptStorageError {
    return hasCode(value, "CorruptStorage");
  }
}

const durableCodes: ReadonlySet<unknown> = new Set([
  "TaskFailed",
  "NonRetriable",
  "TaskTimeout",
  "TaskCancelled",
  "TimerNotFound",
  "ScheduleNotFound",
  "ScheduleAlreadyExists",
  "InvalidArgument",
  "NotSerializable",
  "PayloadTooLarge",
  "InstanceNotFound",
  "InstanceAlreadyExists",
  "InvalidInstanceState",
  "OrchestrationFailed",
  "WaitTimeout",
  "DuplicateRegistration",
  "InvalidDefinition",
  "ActivityNotRegistered",
  "WorkItemLockLost",
  "StorageUnavailable",
  "StorageAccessDenied",
  "BackendConfiguration",
  "CorruptStorage",
]);
