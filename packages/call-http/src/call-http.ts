import { TaskFailedError, TaskTimeoutError, durationMs, optional } from "@perdure/core";
import type {
  FailureDetails,
  OrchestrationContext,
  OrchestrationGenerator,
  RetryPolicy,
  Task,
  TimerTask,
} from "@perdure/core";
import { describe } from "./address";
import { checkRequest } from "./check-request";
import type { HttpPlan } from "./check-request";
import type { HttpFailureType } from "./failures";
import { pollOf } from "./follow-up";
import type { DurableHttpRequest, DurableHttpResponse, HttpAnswer, HttpCall } from "./request";
import { retryAfterMs } from "./retry-after";

/** The activity that every worker has. */
export const HTTP_ACTIVITY = "@http";

/** Polls that follow one another at once, because the server said so, before each waits for a second. */
const HASTY_POLLS = 10;

/**
 * Sends an HTTP request from an orchestration. It is sent when this is called, awaited or not, at least once.
 *
 * An answer 202 with a Location is polled, with durable timers, until the operation has ended; the result is the last
 * answer. Answers of any status are results: nothing is thrown for a 404 or a 500.
 *
 * The task fails with TaskFailedError when there is no answer, with TaskTimeoutError when `timeout` runs out.
 *
 * @throws InvalidArgumentError, NotSerializableError, PayloadTooLargeError for a request that cannot be sent.
 */
export function callHttp(ctx: OrchestrationContext, request: DurableHttpRequest): Task<DurableHttpResponse> {
  return new Exchange(ctx, checkRequest(request)).begin();
}

/**
 * A request and the polls that follow from it.
 *
 * The limit is a timer of the orchestration, which operators may move or cancel, so whether time is up is asked of the
 * timer and not of the clock. Once it is, nothing more is sent: what is on its way ends by itself.
 */
class Exchange {
  #limit: TimerTask | undefined;
  #hastyPolls = 0;

  constructor(
    private readonly ctx: OrchestrationContext,
    private readonly plan: HttpPlan,
  ) {}

  /** @throws InvalidArgumentError for a bad retry policy. */
  begin(): Task<DurableHttpResponse> {
    const { call, timeoutMs } = this.plan;
    const first = this.send(call);
    if (timeoutMs === undefined) return this.ctx.run(() => this.follow(first));
    const limit = (this.#limit = this.ctx.createTimer(timeoutMs, { name: "timeout" }));
    const answer = this.ctx.run(() => this.follow(first));
    return this.ctx.run(() => this.within(limit, answer));
  }

  private send(call: HttpCall): Task<HttpAnswer> {
    const leftMs = this.leftMs();
    const requestTimeoutMs = Math.max(1, Math.min(call.requestTimeoutMs, leftMs));
    const retry = optional("retry", this.retryPolicy(leftMs));
    return this.ctx.callActivity(HTTP_ACTIVITY, { ...call, requestTimeoutMs }, retry);
  }

  private *follow(first: Task<HttpAnswer>): OrchestrationGenerator<DurableHttpResponse> {
    let call = this.plan.call;
    let answer = yield* answerOf(first);
    for (;;) {
      const poll = this.plan.enablePolling ? pollOf(call, answer, call !== this.plan.call) : undefined;
      if (!poll) return responseOf(answer);
      yield* this.pause(answer);
      call = poll;
      answer = yield* answerOf(this.send(call));
    }
  }

  private *within(
    limit: TimerTask,
    answer: Task<DurableHttpResponse>,
  ): OrchestrationGenerator<DurableHttpResponse> {
    const winner = yield* this.ctx.any([answer, limit]);
    if (winner === limit) this.assertInTime();
    return yield* answer;
  }

  /** Waits until the next poll is due. */
  private *pause(answer: HttpAnswer): OrchestrationGenerator<void> {
    const asked = retryAfterMs(answer, this.ctx.currentUtcDateTime.getTime()) ?? this.plan.pollIntervalMs;
    this.#hastyPolls = asked > 0 ? 0 : this.#hastyPolls + 1;
    const delayMs = this.#hastyPolls > HASTY_POLLS ? 1000 : asked;
    if (delayMs > 0) {
      const timer = this.ctx.createTimer(delayMs, { name: "next poll" });
      if (this.#limit) yield* this.ctx.any([timer, this.#limit]);
      this.assertInTime();
      yield* timer;
    }
    this.assertInTime();
  }

  /** @throws TaskTimeoutError */
  private assertInTime(): void {
    if (this.#limit?.outcome?.status !== "completed") return; // one that was cancelled is none
    const { call, timeoutMs } = this.plan;
    throw new TaskTimeoutError(`${describe(call)} had no final answer within ${String(timeoutMs)} ms.`);
  }

  /** Milliseconds; Infinity without a limit. */
  private leftMs(): number {
    if (!this.#limit) return this.plan.timeoutMs ?? Number.POSITIVE_INFINITY;
    if (this.#limit.isCompleted) return Number.POSITIVE_INFINITY; // cancelled, or nothing would be sent any more
    return Math.max(0, this.#limit.fireAt.getTime() - this.ctx.currentUtcDateTime.getTime());
  }

  /** No attempt begins after the limit. */
  private retryPolicy(leftMs: number): RetryPolicy | undefined {
    if (!this.plan.retry) return undefined;
    const { statusCodesToRetry: _statusCodes, retryTimeout, ...policy } = this.plan.retry;
    const givenMs =
      retryTimeout === undefined ? Number.POSITIVE_INFINITY : durationMs(retryTimeout, "retry.retryTimeout");
    const timeoutMs = Math.min(givenMs, leftMs);
    return {
      ...policy,
      ...(Number.isFinite(timeoutMs) ? { retryTimeout: timeoutMs } : {}),
      handler: this.#retryAfter,
    };
  }

  /** The server knows best when to try again. */
  readonly #retryAfter = ({ failure }: { readonly failure: FailureDetails }): boolean | number => {
    const answer = answerIn(failure);
    const asked = answer && retryAfterMs(answer, this.ctx.currentUtcDateTime.getTime());
    return asked === undefined || asked === 0 ? true : asked;
  };
}

/** The answer, also one that all attempts took for a failure. */
function* answerOf(task: Task<HttpAnswer>): OrchestrationGenerator<HttpAnswer> {
  try {
    return yield* task;
  } catch (error) {
    const answer = TaskFailedError.is(error) ? answerIn(error.failure) : undefined;
    if (!answer) throw error;
    return answer;
  }
}

function answerIn({ errorType, data }: FailureDetails): HttpAnswer | undefined {
  const type: HttpFailureType = "HttpStatus";
  return errorType === type && data !== undefined ? (JSON.parse(data) as HttpAnswer) : undefined;
}

function responseOf({ statusCode, headers, content }: HttpAnswer): DurableHttpResponse {
  return { statusCode, headers, content };
}
