/** What the clock has passed and what comes next. Asked in an activity: time-zone data changes, history does not. */
import { defineActivity, optional } from "@perdure/core";
import { jitterOf } from "../jitter";
import type { StoredSpec } from "../spec/schedule-spec";
import { ticksOf } from "../ticks/ticks";
import type { Ticks } from "../ticks/ticks";

export interface PlanRequest {
  readonly id: string;
  readonly spec: StoredSpec;
  /** Exclusive. */
  readonly after: number;
  readonly now: number;
  readonly catchUpWindow: number;
  readonly maxCatchUp: number;
}

export interface PlannedTick {
  readonly nominal: number;
  /** When it is to start: the nominal time and its jitter. */
  readonly at: number;
}

export interface Plan {
  /** Ticks that are too late, and the last of them. */
  readonly missed: number;
  readonly lastMissed?: number;
  /** In the order of their nominal times: those that are due, then those to come. */
  readonly ticks: readonly PlannedTick[];
  /** After the ticks: when to plan again. Absent when nothing ever ticks again. */
  readonly planAgainAt?: number;
}

export interface BackfillRequest {
  readonly spec: StoredSpec;
  readonly from: number;
  readonly to: number;
}

const HOUR_MS = 3_600_000;

/** Longer than any government has ever moved its clocks by. */
const HORIZON_MS = 36 * HOUR_MS;
const MOST_TICKS = 50;
const MOST_MISSED = 100_000;

const BACKFILL_PIECE = 50;

export function planOf(request: PlanRequest): Plan {
  const { id, spec, after, now, catchUpWindow, maxCatchUp } = request;
  const ticks = ticksKept(spec);
  const jitter = spec.jitter ?? 0;
  const tooLate = ticks.between(after, Math.max(after, now - catchUpWindow - jitter - 1), MOST_MISSED);
  if (tooLate.length === MOST_MISSED) return planOfMissed(tooLate, now);
  const passed = ticks.between(tooLate.at(-1) ?? after, now, MOST_MISSED);
  const late = passed.filter((nominal) => nominal + jitter <= now);
  const caughtUp = maxCatchUp === 0 ? [] : late.slice(-maxCatchUp);
  const missed = [...tooLate, ...late.slice(0, late.length - caughtUp.length)];
  if (late.length === MOST_MISSED) return planOfMissed(missed, now);
  const coming =
    passed.length === MOST_MISSED ? [] : ticks.between(Math.max(after, now), now + HORIZON_MS, MOST_TICKS);
  const waiting = [...passed.slice(late.length), ...coming].slice(0, MOST_TICKS);
  const planAgainAt = nextLook(ticks, coming, Math.max(after, now), now);
  return {
    missed: missed.length,
    ...optional("lastMissed", missed.at(-1)),
    ticks: inTime(
      [...caughtUp, ...waiting].map((nominal) => ({ nominal, at: nominal + jitterOf(id, nominal, jitter) })),
    ),
    ...optional("planAgainAt", planAgainAt),
  };
}

/** There are more than one plan can tell of: what follows is in the next. */
function planOfMissed(missed: readonly number[], now: number): Plan {
  return { missed: missed.length, ...optional("lastMissed", missed.at(-1)), ticks: [], planAgainAt: now };
}

/** None starts before the one whose turn was before. */
function inTime(ticks: readonly PlannedTick[]): readonly PlannedTick[] {
  let last = Number.NEGATIVE_INFINITY;
  return ticks.map(({ nominal, at }) => ({ nominal, at: (last = Math.max(last, at)) }));
}

function nextLook(ticks: Ticks, coming: readonly number[], after: number, now: number): number | undefined {
  const last = coming.at(-1);
  if (last !== undefined) return last;
  const next = ticks.next(after);
  return next === undefined ? undefined : Math.max(now, next - HORIZON_MS);
}

export const planTicks = defineActivity("@schedule-plan", (_, request: PlanRequest) =>
  Promise.resolve(planOf(request)),
);

/** The next times of a backfill. */
export const planBackfill = defineActivity("@schedule-backfill", (_, { spec, from, to }: BackfillRequest) =>
  Promise.resolve(ticksKept(spec).between(from, to, BACKFILL_PIECE)),
);

const MOST_KEPT = 1000;
const kept = new Map<string, Ticks>();

/** Reading a spec takes longer than asking it for its ticks. */
function ticksKept(spec: StoredSpec): Ticks {
  const key = JSON.stringify(spec);
  let ticks = kept.get(key);
  if (!ticks) {
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, (ticks = ticksOf(spec)));
  }
  return ticks;
}
