/** Work that an orchestration does again and again, with a history that never grows: each run is a generation. */
import { InvalidArgumentError, durationMs } from "@perdure/core";
import type {
  Duration,
  OrchestrationContext,
  OrchestrationGenerator,
  OrchestrationHandler,
} from "@perdure/core";

export interface PeriodicOptions {
  readonly every: Duration;
  /**
   * When the next run begins, should one take longer than `every`:
   *
   * - `"fixedDelay"`: `every` after the end of the run before. The times drift by how long runs take.
   * - `"fixedRate"`: at its time on the grid of start + n × `every`; late runs follow one another until all are made up for.
   * - `"skipIfRunning"`: at the next time on that grid that has not passed; those missed are left out.
   *
   * Runs never overlap. Default: `"skipIfRunning"`.
   */
  readonly mode?: "fixedDelay" | "fixedRate" | "skipIfRunning";
}

/** What a run may return to be the last one. Made by `stopPeriodic`. */
export interface PeriodicStop<TOutput> {
  readonly [STOP]: true;
  readonly output: TOutput;
}

const STOP = Symbol("stop");

/** Return it from a run: there is no other, and `output` is what the orchestration returns. */
export function stopPeriodic(): PeriodicStop<void>;
export function stopPeriodic<TOutput>(output: TOutput): PeriodicStop<TOutput>;
export function stopPeriodic(output?: unknown): PeriodicStop<unknown> {
  return { [STOP]: true, output };
}

/** One run. `time` is when it was meant to begin, `ctx.currentUtcDateTime` when it did. */
export type PeriodicBody<TInput, TOutput> = (
  ctx: OrchestrationContext,
  input: TInput,
  time: Date,
) => OrchestrationGenerator<PeriodicStop<TOutput> | void>;

const MODES = ["fixedDelay", "fixedRate", "skipIfRunning"];

/** What one generation tells the next. */
interface Progress<TInput> {
  readonly $periodic: { readonly at: number; readonly input: TInput };
}

/**
 * The handler of an orchestration that runs `body` at once and then once in each period. An error of a run that `body`
 * does not catch fails the orchestration; rewound, it goes on with that run.
 *
 * ```ts
 * const poll = defineOrchestration("poll", periodic({ every: "5m" }, function* (ctx, url: string) {
 *   return (yield* ctx.callActivity(isReady, url)) ? stopPeriodic(url) : undefined;
 * }));
 * ```
 *
 * @throws InvalidArgumentError for a period of no length, or an unknown mode.
 */
export function periodic<TInput = void, TOutput = void>(
  { every, mode = "skipIfRunning" }: PeriodicOptions,
  body: PeriodicBody<TInput, TOutput>,
): OrchestrationHandler<TInput, TOutput> {
  const period = durationMs(every, "every");
  if (period < 1) throw new InvalidArgumentError("every is 0: give a period of 1 ms or more.");
  if (!MODES.includes(mode)) {
    throw new InvalidArgumentError(`mode is '${mode}': give one of ${MODES.join(", ")}.`);
  }
  return function* (ctx, given) {
    const { at, input } = progressOf(given, ctx);
    if (at > ctx.currentUtcDateTime.getTime()) yield* ctx.createTimer({ at }, { name: "next run" });
    const stop = yield* body(ctx, input, new Date(at));
    if (stop) return stop.output;
    const now = ctx.currentUtcDateTime.getTime();
    return yield* ctx.continueAsNew({ $periodic: { at: nextRun(at, now, period, mode), input } });
  };
}

function progressOf<TInput>(given: TInput, ctx: OrchestrationContext): Progress<TInput>["$periodic"] {
  const isProgress = typeof given === "object" && given !== null && "$periodic" in given;
  if (isProgress) return (given as unknown as Progress<TInput>).$periodic;
  return { at: ctx.currentUtcDateTime.getTime(), input: given };
}

function nextRun(at: number, now: number, period: number, mode: string): number {
  if (mode === "fixedDelay") return now + period;
  if (mode === "fixedRate") return at + period;
  return at + period * Math.max(1, Math.ceil((now - at) / period));
}
