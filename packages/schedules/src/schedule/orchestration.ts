/**
 * A schedule is an orchestration like any other, so nothing of it can be lost, and no process is in charge of it. Each
 * tick is one commit: the timer that fired, the run it starts and the timer for the next tick.
 */
import { defineOrchestration } from "@perdure/core";
import type {
  AnyActivity,
  AnyOrchestration,
  CompletionReport,
  OrchestrationContext,
  OrchestrationGenerator,
  TimerTask,
} from "@perdure/core";
import { planBackfill, planTicks } from "./plan";
import type { Plan, PlannedTick } from "./plan";
import { Schedule } from "./schedule";
import type { ScheduleCommand, ScheduleState } from "./state";

export const SCHEDULE_NAME = "@schedule";
export const COMMAND_EVENT = "@schedule-command";
const ENDED_EVENT = "@schedule-ended";

/** Tags of each run. */
export const SCHEDULE_TAG = "perdure.schedule";
export const SCHEDULED_TIME_TAG = "perdure.scheduledTime";

const LONGEST_HISTORY = 200;

/** The instance that is a schedule. */
export function scheduleInstanceId(id: string): string {
  return `${SCHEDULE_NAME}@${id}`;
}

const scheduleOrchestration = defineOrchestration(
  SCHEDULE_NAME,
  function* (ctx, state: ScheduleState): OrchestrationGenerator<void> {
    const schedule = new Schedule(state, actionsOf(ctx));
    const clock = new Ticker(ctx);
    while (!schedule.state.deleted) {
      ctx.setCustomStatus(schedule.state);
      if (ctx.historyLength > LONGEST_HISTORY) return yield* ctx.continueAsNew(schedule.state);
      if (schedule.state.backfills.length > 0) yield* backfill(ctx, schedule);
      else if (schedule.isTicking && clock.needsPlan) clock.follow(yield* plan(ctx, schedule), schedule);
      else yield* next(ctx, schedule, clock);
    }
    ctx.setCustomStatus(schedule.state);
  },
);

/** What every worker runs besides its own code. */
export const scheduleCode: {
  readonly orchestrations: readonly AnyOrchestration[];
  readonly activities: readonly AnyActivity[];
} = { orchestrations: [scheduleOrchestration], activities: [planTicks, planBackfill] };

/** Waits for whatever happens next, and does what follows from it. */
function* next(ctx: OrchestrationContext, schedule: Schedule, clock: Ticker): OrchestrationGenerator<void> {
  const command = ctx.waitForExternalEvent<ScheduleCommand>(COMMAND_EVENT);
  const ended = ctx.waitForExternalEvent<CompletionReport>(ENDED_EVENT);
  const timer = schedule.isTicking ? clock.timer() : undefined;
  const winner = yield* ctx.any([command, ended, ...(timer ? [timer] : [])]);
  if (winner === command) {
    schedule.command(yield* command);
    clock.forget();
  } else if (winner === ended) schedule.ended(yield* ended);
  else clock.strike(schedule);
}

/** However often it takes: a worker may be of a former version, or not know the time zone. */
const AGAIN = { maxAttempts: Number.MAX_SAFE_INTEGER, backoffCoefficient: 2, maxRetryInterval: "1m" };

function* plan(ctx: OrchestrationContext, { state }: Schedule): OrchestrationGenerator<Plan> {
  const { id, spec, catchUpWindow, maxCatchUp } = state.definition;
  const now = ctx.currentUtcDateTime.getTime();
  const request = {
    id,
    spec,
    after: state.cursor,
    now,
    catchUpWindow,
    maxCatchUp,
  };
  return yield* ctx.callActivity(planTicks, request, { retry: AGAIN });
}

function* backfill(ctx: OrchestrationContext, schedule: Schedule): OrchestrationGenerator<void> {
  const [range] = schedule.state.backfills;
  if (!range) return;
  const { spec } = schedule.state.definition;
  const request = { spec, from: range.from, to: range.to };
  const piece = yield* ctx.callActivity(planBackfill, request, { retry: AGAIN });
  for (const nominal of piece) schedule.fill(nominal);
  if (piece.length === 0) schedule.endBackfill();
}

/** Follows a plan: knows the next tick and the timer that waits for it. */
class Ticker {
  #ticks: PlannedTick[] | undefined;
  #planAgainAt: number | undefined;
  #catchUpWindow = 0;
  #timer: TimerTask | undefined;

  constructor(private readonly ctx: OrchestrationContext) {}

  get needsPlan(): boolean {
    return this.#ticks === undefined;
  }

  /** Runs what is due already. */
  follow({ missed, lastMissed, ticks, planAgainAt }: Plan, schedule: Schedule): void {
    if (lastMissed !== undefined) schedule.miss(missed, lastMissed);
    this.#catchUpWindow = schedule.state.definition.catchUpWindow;
    this.#planAgainAt = planAgainAt;
    const waiting = [...ticks];
    while (waiting[0] && waiting[0].at <= this.now && schedule.isTicking)
      schedule.tick(waiting.shift()?.nominal ?? 0);
    this.#ticks = waiting;
  }

  forget(): void {
    this.#ticks = undefined;
    this.#timer = undefined;
  }

  /** The same one until it has fired. Nothing when there is nothing to wait for. */
  timer(): TimerTask | undefined {
    const at = this.#ticks?.[0]?.at ?? this.#planAgainAt;
    if (at === undefined) return undefined;
    this.#timer ??= this.ctx.createTimer({ at }, { name: this.#ticks?.[0] ? "tick" : "plan" });
    return this.#timer;
  }

  /** The timer has fired. What is late, or early because an operator said so, is planned anew. */
  strike(schedule: Schedule): void {
    const [tick, after] = this.#ticks ?? [];
    this.#timer = undefined;
    const isOnTime =
      tick !== undefined &&
      tick.at <= this.now &&
      tick.at + this.#catchUpWindow >= this.now &&
      (after === undefined || after.at > this.now);
    if (!isOnTime) {
      this.forget();
      return;
    }
    schedule.tick(tick.nominal);
    this.#ticks?.shift();
    if (this.#ticks?.length === 0) this.forget();
  }

  private get now(): number {
    return this.ctx.currentUtcDateTime.getTime();
  }
}

function actionsOf(ctx: OrchestrationContext): ConstructorParameters<typeof Schedule>[1] {
  return {
    now: () => ctx.currentUtcDateTime.getTime(),
    start: ({ instanceId, nominal }, { id, orchestration, version, input, tags }) => {
      ctx.startDetached(orchestration, input, {
        instanceId,
        ...(version === undefined ? {} : { version }),
        tags: { ...tags, [SCHEDULE_TAG]: id, [SCHEDULED_TIME_TAG]: new Date(nominal).toISOString() },
        ifFinished: "skip",
        notify: ENDED_EVENT,
      });
    },
    cancel: (instanceId, { id, cancelEvent }) => {
      ctx.sendEvent(instanceId, cancelEvent, { reason: `The next run of schedule '${id}' is due.` });
    },
    terminate: (instanceId, { id }) => {
      ctx.terminate(instanceId, `The next run of schedule '${id}' is due.`);
    },
  };
}
