/**
 * The instants of matching wall-clock times, where clocks change included.
 *
 * Between two changes of offset the clock is plain: an instant is the wall-clock time less the offset. So each period of
 * constant offset is given a *stretch* of wall-clock times that it maps, and the policies come down to who gets the
 * times in question, those between the two wall-clock times of the change:
 *
 *                  gap: clocks skip them       overlap: clocks show them twice
 *   earlier        the period after            the period before
 *   later          the period before           the period after
 *   skip, both     neither                     both
 *
 * A period that is given times of a gap maps them to instants outside of itself, by its own offset. That is what moving
 * them by the length of the gap means. So ticks of neighbouring stretches may interleave or coincide.
 */
import type { GapPolicy, OverlapPolicy } from "../spec/schedule-spec";
import { DAY, NEVER } from "./units";
import type { WallTimes } from "./wall-times";
import { isWithin } from "./zone-offsets";
import type { OffsetPeriod, ZoneOffsets } from "./zone-offsets";

/** The wall-clock times that a period of constant offset maps. */
interface Stretch {
  readonly period: OffsetPeriod;
  /** The first of them. */
  readonly start: number;
  /** The first one after them. */
  readonly end: number;
}

export interface ChangePolicies {
  readonly gap: GapPolicy;
  readonly overlap: OverlapPolicy;
}

export class WallTicks {
  readonly #walls: WallTimes;
  readonly #zone: ZoneOffsets;
  readonly #policies: ChangePolicies;
  readonly #stretches: Stretch[] = [];

  constructor(walls: WallTimes, zone: ZoneOffsets, policies: ChangePolicies) {
    this.#walls = walls;
    this.#zone = zone;
    this.#policies = policies;
  }

  /** The first tick after an instant; `NEVER` when there is none. */
  next(after: number): number {
    let first = NEVER;
    // Times of a gap lie up to a day outside of their period: look for them before, and for some that come before others.
    let instant = after - DAY;
    while (instant - DAY < first) {
      const { period, start, end } = this.#stretchAt(instant);
      const isAhead = start > after + period.offset;
      const wall = this.#walls.next(isAhead ? start - 1 : after + period.offset);
      if (wall < end) first = Math.min(first, wall - period.offset);
      // From a stretch that is ahead on, nothing is before `wall`: go where it is, as no offset is longer than a day.
      instant = isAhead ? Math.max(period.to, wall - 2 * DAY) : period.to;
    }
    return first;
  }

  #stretchAt(instant: number): Stretch {
    const known = this.#stretches.find(({ period }) => isWithin(period, instant));
    if (known !== undefined) return known;
    const period = this.#zone.periodAt(instant);
    const stretch = { period, start: this.#startOf(period), end: this.#endOf(period) };
    this.#stretches.push(stretch);
    return stretch;
  }

  #startOf({ from, offset }: OffsetPeriod): number {
    if (from === Number.NEGATIVE_INFINITY) return from;
    const before = this.#zone.offsetAt(from - 1);
    return from + (this.#policyBetween(before, offset) === "earlier" ? before : offset);
  }

  #endOf({ to, offset }: OffsetPeriod): number {
    if (to === NEVER) return to;
    const after = this.#zone.offsetAt(to);
    return to + (this.#policyBetween(offset, after) === "later" ? after : offset);
  }

  #policyBetween(before: number, after: number): GapPolicy | OverlapPolicy {
    return after > before ? this.#policies.gap : this.#policies.overlap;
  }
}
