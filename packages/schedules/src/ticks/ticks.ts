import { FIRST_TIME, LAST_TICK } from "../spec/bounds";
import { calendarPattern } from "../spec/calendar";
import { cronPattern } from "../spec/cron-line";
import type { StoredSpec } from "../spec/schedule-spec";
import { isElapsedTime } from "../spec/wall-pattern";
import type { WallPattern } from "../spec/wall-pattern";
import { exclusionsOf } from "./exclusions";
import type { Exclusion } from "./exclusions";
import { IntervalTicks } from "./interval-ticks";
import { NEVER } from "./units";
import { WallTicks } from "./wall-ticks";
import type { ChangePolicies } from "./wall-ticks";
import { WallTimes } from "./wall-times";
import { ZoneOffsets } from "./zone-offsets";

/** The nominal times of a schedule, to the end of 2999: in milliseconds since the epoch, each once and in order. */
export interface Ticks {
  /** The first tick after an instant; nothing when there is none. */
  next(after: number): number | undefined;
  /** Up to `limit` ticks after `from` and not after `to`, the earliest ones. */
  between(from: number, to: number, limit: number): readonly number[];
  /**
   * The first `count` ticks after an instant, or as many as there are. Fewer, but one at least, when so much is excluded
   * between them that to find them would take long.
   */
  upcoming(after: number, count: number): readonly number[];
}

/** The ticks of a spec that `normalizeSpec` gave. Keep them: making them takes longer than asking them. */
export function ticksOf(stored: StoredSpec): Ticks {
  return new MergedTicks(stored);
}

interface Line {
  next(after: number): number;
}

/** A spec that excludes this many blocks of its ticks in a row excludes all of them, for what anybody can tell. */
const MAX_EXCLUDED_IN_A_ROW = 10_000;

/** What `upcoming` may spend on excluded blocks. Each costs 10, and 1 for each line and exclusion that is asked. */
const MOST_SPENT_ON_EXCLUDED = 1_000_000;

class MergedTicks implements Ticks {
  readonly #zone: ZoneOffsets;
  readonly #lines: readonly Line[];
  readonly #exclusions: readonly Exclusion[];
  readonly #startAt: number;
  readonly #endAt: number;
  /** Blocks stepped over so far. */
  #excluded = 0;

  constructor(stored: StoredSpec) {
    const { cron = [], every = [], calendar = [], exclude = {}, timeZone } = stored;
    const zone = new ZoneOffsets(timeZone);
    const patterns = [
      ...cron.map((line) => cronPattern(line)),
      ...calendar.map((spec) => calendarPattern(spec)),
    ];
    this.#zone = zone;
    this.#lines = [
      ...patterns.map((pattern) => new WallTicks(new WallTimes(pattern), zone, policiesFor(pattern, stored))),
      ...every.map((interval) => new IntervalTicks(interval)),
    ];
    this.#exclusions = exclusionsOf(exclude);
    this.#startAt = Math.max(stored.startAt ?? FIRST_TIME, FIRST_TIME);
    this.#endAt = Math.min(stored.endAt ?? LAST_TICK, LAST_TICK);
  }

  next(after: number): number | undefined {
    const start = Math.max(after, this.#startAt - 1);
    if (start >= this.#endAt) return undefined;
    let tick = this.#firstOfLines(start);
    for (let excluded = 0; excluded < MAX_EXCLUDED_IN_A_ROW; excluded++) {
      if (tick > this.#endAt) return undefined;
      const end = this.#endOfExclusion(tick);
      if (end === undefined) return tick;
      this.#excluded++;
      tick = this.#firstOfLines(end - 1);
    }
    return undefined;
  }

  between(from: number, to: number, limit: number): readonly number[] {
    const ticks: number[] = [];
    let last = from;
    while (ticks.length < limit) {
      const tick = this.next(last);
      if (tick === undefined || tick > to) break;
      ticks.push(tick);
      last = tick;
    }
    return ticks;
  }

  upcoming(after: number, count: number): readonly number[] {
    const cost = 10 + this.#lines.length + this.#exclusions.length;
    const mostExcluded = this.#excluded + MOST_SPENT_ON_EXCLUDED / cost;
    const ticks: number[] = [];
    while (ticks.length < count && (ticks.length === 0 || this.#excluded < mostExcluded)) {
      const tick = this.next(ticks.at(-1) ?? after);
      if (tick === undefined) break;
      ticks.push(tick);
    }
    return ticks;
  }

  #firstOfLines(after: number): number {
    let first = NEVER;
    for (const line of this.#lines) first = Math.min(first, line.next(after));
    return first;
  }

  /** The end of the excluded block that an instant is in. Blocks are of wall-clock time: they end where clocks change. */
  #endOfExclusion(instant: number): number | undefined {
    const { offset, to } = this.#zone.periodAt(instant);
    const wall = instant + offset;
    for (const exclusion of this.#exclusions) {
      const end = exclusion.endOf(wall);
      if (end !== undefined) return Math.min(end - offset, to);
    }
    return undefined;
  }
}

function policiesFor(pattern: WallPattern, { gap, overlap }: StoredSpec): ChangePolicies {
  const isElapsed = isElapsedTime(pattern);
  return {
    gap: gap ?? (isElapsed ? "skip" : "later"),
    overlap: overlap ?? (isElapsed ? "both" : "earlier"),
  };
}
