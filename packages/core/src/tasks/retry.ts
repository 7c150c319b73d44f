import { InvalidArgumentError, TaskFailedError } from "../errors";
import { durationMs } from "../duration";
import type { Duration } from "../duration";
import type { FailureDetails } from "../failure";
import { toFailure } from "../failure";
import type { OrchestrationGenerator, Task } from "./task";

/** What a retry handler is told. */
export interface RetryContext {
  /** The failed attempt, counted from 1. */
  readonly attempt: number;
  readonly failure: FailureDetails;
  /** Milliseconds since the first attempt was scheduled. */
  readonly elapsedMs: number;
}

/** When a failed task is tried again. Everything but `maxAttempts` has a default. */
export interface RetryPolicy {
  /** Total attempts, the first included; at least 1. */
  readonly maxAttempts: number;
  /** Delay before the second attempt. Default: one second. */
  readonly firstRetryInterval?: Duration;
  /** Each delay is the one before times this; at least 1. Default: 1. */
  readonly backoffCoefficient?: number;
  /** No delay is longer. Default: one day. */
  readonly maxRetryInterval?: Duration;
  /** No attempt starts later than this after the first one. Default: no limit. */
  readonly retryTimeout?: Duration;
  /** Part of each delay that is random, 0 to 1, drawn deterministically. Default: 0. */
  readonly jitter?: number;
  /** Returns false for failures that no retry can help. Must be deterministic. */
  readonly filter?: (failure: FailureDetails) => boolean;
  /**
   * Decides each retry instead of the intervals above: `false` gives up, `true` retries by the policy's delay, a
   * duration retries after it. Must be deterministic. Non-retriable failures never get here.
   */
  readonly handler?: (context: RetryContext) => boolean | Duration;
}

/** A retry policy checked and with its defaults. */
interface CheckedPolicy {
  readonly maxAttempts: number;
  readonly firstMs: number;
  readonly coefficient: number;
  readonly maxMs: number;
  readonly timeoutMs: number;
  readonly jitter: number;
  readonly filter: (failure: FailureDetails) => boolean;
  readonly handler: ((context: RetryContext) => boolean | Duration) | undefined;
}

/** What retrying needs of the execution around it. */
export interface RetryOperations {
  now(): number;
  random(): number;
  sleep(ms: number): Task<void>;
}

/** @throws InvalidArgumentError naming the field that has no meaning. */
export function checkRetryPolicy(policy: RetryPolicy): CheckedPolicy {
  const { maxAttempts, backoffCoefficient = 1, jitter = 0 } = policy;
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
    throw new InvalidArgumentError(`retry.maxAttempts is ${maxAttempts}: give a whole number of 1 or more.`);
  }
  if (!(Number.isFinite(backoffCoefficient) && backoffCoefficient >= 1)) {
    throw new InvalidArgumentError(
      `retry.backoffCoefficient is ${backoffCoefficient}: give a number of 1 or more.`,
    );
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new InvalidArgumentError(`retry.jitter is ${jitter}: give a number from 0 to 1.`);
  }
  return {
    maxAttempts,
    firstMs: durationMs(policy.firstRetryInterval ?? "1s", "retry.firstRetryInterval"),
    coefficient: backoffCoefficient,
    maxMs: durationMs(policy.maxRetryInterval ?? "1d", "retry.maxRetryInterval"),
    timeoutMs:
      policy.retryTimeout === undefined
        ? Number.POSITIVE_INFINITY
        : durationMs(policy.retryTimeout, "retry.retryTimeout"),
    jitter,
    filter: policy.filter ?? (() => true),
    handler: policy.handler,
  };
}

/** Tries until an attempt succeeds or the policy gives up; then the last failure is thrown. */
export function* retrying<T>(
  operations: RetryOperations,
  policy: CheckedPolicy,
  start: (attempt: number) => Task<T>,
): OrchestrationGenerator<T> {
  const startedAt = operations.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return yield* start(attempt);
    } catch (error) {
      const delayMs = retryDelay(operations, policy, attempt, operations.now() - startedAt, error);
      if (delayMs === undefined) throw error;
      yield* pause(operations.sleep(delayMs), error);
    }
  }
}

/** An operator who cancels the pause wants no other attempt. */
function* pause(timer: Task<void>, error: unknown): OrchestrationGenerator<void> {
  try {
    yield* timer;
  } catch {
    throw error;
  }
}

/** Milliseconds to the next attempt; `undefined` when there is none. */
function retryDelay(
  operations: RetryOperations,
  policy: CheckedPolicy,
  attempt: number,
  elapsedMs: number,
  error: unknown,
): number | undefined {
  const failure = TaskFailedError.is(error) ? error.failure : toFailure(error);
  if (attempt >= policy.maxAttempts || failure.isNonRetriable || !policy.filter(failure)) return undefined;
  const verdict = policy.handler?.({ attempt, failure, elapsedMs }) ?? true;
  if (verdict === false) return undefined;
  const delayMs =
    verdict === true ? policyDelay(operations, policy, attempt) : durationMs(verdict, "The retry delay");
  return elapsedMs + delayMs > policy.timeoutMs ? undefined : delayMs;
}

function policyDelay(operations: RetryOperations, policy: CheckedPolicy, attempt: number): number {
  const grown = policy.firstMs * policy.coefficient ** (attempt - 1); // may reach Infinity; 0 × Infinity is NaN
  const capped = Math.min(Number.isNaN(grown) ? 0 : grown, policy.maxMs);
  return policy.jitter === 0 ? capped : Math.round(capped * (1 - policy.jitter * operations.random()));
}
