/**
 * Schedules against an oracle that walks every minute of ten years in ten zones (see `oracle/`): all ticks of random
 * cron lines and calendars, under the default policies and explicit ones, are compared instant by instant. Many more
 * rules are compared on the days around each change of the clocks.
 */
import fc from "fast-check";
import { parseSpec } from "../src";
import { walk } from "./oracle/oracle";
import type { Policies } from "./oracle/oracle";
import { rules } from "./oracle/rules";
import type { Rule } from "./oracle/rules";
import { aroundChanges, wallOf } from "./oracle/wall";
import type { Wall } from "./oracle/wall";

const SEED = 20_270_328;
const YEARS = 10;
const MINUTE = 60_000;

/** With the first of the ten years. The last two are for changes of the past. */
const ZONES: readonly (readonly [zone: string, firstYear: number])[] = [
  ["UTC", 2027],
  ["Europe/Paris", 2027],
  ["America/New_York", 2027],
  ["Australia/Sydney", 2027],
  ["America/Santiago", 2027],
  ["Australia/Lord_Howe", 2027],
  ["Africa/Casablanca", 2027],
  ["Asia/Kathmandu", 2027],
  ["Pacific/Apia", 2006],
  ["America/Caracas", 2006],
];

const policies: fc.Arbitrary<Policies> = fc.record(
  {
    gap: fc.constantFrom("earlier" as const, "later" as const, "skip" as const),
    overlap: fc.constantFrom("earlier" as const, "later" as const, "both" as const),
  },
  { requiredKeys: [] },
);

describe("random schedules", () => {
  const checked = { minutes: 0, ticks: 0, inGaps: 0, inOverlaps: 0 };

  function compare(timeZone: string, walls: readonly Wall[], rule: Rule, chosen: Policies): void {
    const { ticks } = parseSpec({ ...rule.spec, ...chosen, timeZone });
    for (const wall of walls) {
      const from = wall.firstMinute * MINUTE;
      const to = from + wall.offsets.length * MINUTE;
      const expected = walk(wall, rule, chosen);

      const actual = ticks.between(from - 1, to - 1, Infinity);

      expect(actual.findIndex((tick, index) => tick !== expected.ticks[index])).toBe(-1);
      expect(actual).toHaveLength(expected.ticks.length);
      checked.minutes += wall.offsets.length;
      checked.ticks += actual.length;
      checked.inGaps += expected.inGaps;
      checked.inOverlaps += expected.inOverlaps;
    }
  }

  it.each(ZONES.map(([timeZone, firstYear], index) => [timeZone, firstYear, SEED + index] as const))(
    "T7: tick in %s for ten years from %i on as the oracle says (seed %i)",
    (timeZone, firstYear, seed) => {
      const years = wallOf(timeZone, firstYear, YEARS);
      const changes = aroundChanges(years, 2);

      fc.assert(
        fc.property(rules, policies, (rule, chosen) => compare(timeZone, [years], rule, chosen)),
        { seed, numRuns: 2 },
      );
      fc.assert(
        fc.property(rules, policies, (rule, chosen) => compare(timeZone, changes, rule, chosen)),
        { seed, numRuns: 15 },
      );
    },
  );

  it("T7: were many, and where clocks change, too", () => {
    // Two rules for each of ten years in ten zones, without the days around changes.
    expect(checked.minutes).toBeGreaterThan(2 * 10 * 10 * 365 * 1440);
    expect(checked.ticks).toBeGreaterThan(500_000);
    expect(checked.inGaps).toBeGreaterThan(1500);
    expect(checked.inOverlaps).toBeGreaterThan(1200);
  });
});
