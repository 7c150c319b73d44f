/**
 * When a rule ticks, found by walking every minute: what the clock on the wall shows is compared with the rule, and
 * where the clock jumps, the stated policies are applied minute by minute.
 */
import type { GapPolicy, OverlapPolicy } from "../../src";
import type { Day, Rule } from "./rules";
import type { Wall } from "./wall";

const DAY_MINUTES = 1440;
const MINUTE = 60_000;

export interface Policies {
  readonly gap?: GapPolicy;
  readonly overlap?: OverlapPolicy;
}

export interface Walk {
  readonly ticks: readonly number[];
  /** Ticks that were moved or left out where clocks skip time. */
  readonly inGaps: number;
  /** Ticks that had a twin where clocks repeat time. */
  readonly inOverlaps: number;
}

export function walk({ firstMinute, offsets }: Wall, rule: Rule, policies: Policies): Walk {
  const gap = policies.gap ?? (rule.isHourOpen ? "skip" : "later");
  const overlap = policies.overlap ?? (rule.isHourOpen ? "both" : "earlier");
  const matches = matcherOf(rule);
  const isTick = new Uint8Array(offsets.length);
  let inGaps = 0;
  let inOverlaps = 0;

  for (let minute = 0; minute < offsets.length; minute++) {
    if (matches(firstMinute + minute + offsets[minute]!)) isTick[minute] = 1;
  }
  for (let change = 1; change < offsets.length; change++) {
    const before = offsets[change - 1]!;
    const after = offsets[change]!;
    // Clocks skip these local minutes: no instant shows them.
    for (let skipped = change + before; skipped < change + after; skipped++) {
      if (!matches(firstMinute + skipped)) continue;
      inGaps++;
      if (gap === "later") isTick[skipped - before] = 1;
      if (gap === "earlier") isTick[skipped - after] = 1;
    }
    // Clocks show these local minutes twice: at one instant by the offset before, at one by the offset after.
    for (let repeated = change + after; repeated < change + before; repeated++) {
      if (!matches(firstMinute + repeated)) continue;
      inOverlaps++;
      if (overlap === "later") isTick[repeated - before] = 0;
      if (overlap === "earlier") isTick[repeated - after] = 0;
    }
  }

  const ticks: number[] = [];
  for (let minute = isTick.indexOf(1); minute >= 0; minute = isTick.indexOf(1, minute + 1)) {
    ticks.push((firstMinute + minute) * MINUTE);
  }
  return { ticks, inGaps, inOverlaps };
}

/** The rule for local minutes since the epoch. They come in order, so the day is looked at once. */
function matcherOf(rule: Rule): (localMinute: number) => boolean {
  const minutesOfDay = Array.from(
    { length: DAY_MINUTES },
    (_, minute) => rule.hasHour(Math.floor(minute / 60)) && rule.hasMinute(minute % 60),
  );
  let today = -DAY_MINUTES;
  let hasToday = false;
  return (localMinute) => {
    if (localMinute < today || localMinute >= today + DAY_MINUTES) {
      today = localMinute - (localMinute % DAY_MINUTES);
      hasToday = rule.hasDay(dayOf(today));
    }
    return hasToday && minutesOfDay[localMinute - today]!;
  };
}

function dayOf(localMinute: number): Day {
  const date = new Date(localMinute * MINUTE);
  return {
    dayOfMonth: date.getUTCDate(),
    daysInMonth: new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
    month: date.getUTCMonth() + 1,
    dayOfWeek: date.getUTCDay(),
  };
}
