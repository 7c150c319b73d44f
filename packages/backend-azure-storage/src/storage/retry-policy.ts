import { type PipelinePolicy, type PipelineResponse, isRestError } from "@azure/core-rest-pipeline";
import type { Clock } from "@perdure/core";
import { isTransientStatus } from "./failures";

const MAX_TRIES = 4;
const BASE_DELAY_MS = 500;
/** Longer advice than this is not waited for: whoever asked would rather know. */
const MAX_DELAY_MS = 10_000;

/**
 * Repeats what failed on the way or met a busy service: four tries within a few seconds, delays doubled and jittered,
 * not before the time that the service asks for. A repeat whose first try got through may meet its own effect.
 *
 * @param closing Aborts when nothing more is to be sent.
 */
export function retryPolicy(clock: Clock, closing: () => AbortSignal): PipelinePolicy {
  return {
    name: "perdureRetry",
    async sendRequest(request, next) {
      const signal = closing();
      for (let attempt = 1; ; attempt++) {
        const outcome = await settle(next(request));
        const delayMs = retryDelay(outcome, attempt, clock);
        if (delayMs === undefined) return unwrap(outcome);
        await clock.sleep(delayMs, signal);
        if (signal.aborted) return unwrap(outcome);
      }
    },
  };
}

interface Outcome {
  readonly response?: PipelineResponse;
  readonly error?: unknown;
}

async function settle(answer: Promise<PipelineResponse>): Promise<Outcome> {
  try {
    return { response: await answer };
  } catch (error) {
    return { error };
  }
}

function unwrap(outcome: Outcome): PipelineResponse {
  if (outcome.response) return outcome.response;
  throw outcome.error;
}

/** How long to wait before the next try; `undefined` when there is none. */
function retryDelay(outcome: Outcome, attempt: number, clock: Clock): number | undefined {
  const failed = outcome.response
    ? isTransientStatus(outcome.response.status)
    : isNetworkError(outcome.error);
  if (!failed || attempt >= MAX_TRIES) return undefined;
  const backoffMs = BASE_DELAY_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
  const delayMs = Math.max(backoffMs, outcome.response ? advisedDelay(outcome.response, clock) : 0);
  return delayMs > MAX_DELAY_MS ? undefined : delayMs;
}

function isNetworkError(error: unknown): boolean {
  return isRestError(error) && error.statusCode === undefined;
}

/** The `Retry-After` of an answer in milliseconds, 0 when there is none. It is a number of seconds or a date. */
function advisedDelay(response: PipelineResponse, clock: Clock): number {
  const advice = response.headers.get("retry-after");
  if (advice === undefined) return 0;
  const seconds = Number(advice);
  const delayMs = Number.isNaN(seconds) ? Date.parse(advice) - clock.now() : seconds * 1000;
  return Number.isFinite(delayMs) ? delayMs : 0;
}
