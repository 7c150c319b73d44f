/** What no spec may ask for: times that no date can hold, and work that takes long. */
import { InvalidArgumentError } from "@perdure/core";
import { Cron } from "croner";
import fc from "fast-check";
import { MOST_ITEMS, jitterOf, normalizeSpec, parseSpec, ticksOf } from "../src";
import type { ScheduleSpec } from "../src";
import { planOf } from "../src/schedule/plan";
import { runId } from "../src/schedule/schedule";
import { at, firstTicks, utc } from "./support";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CENTURY = 36_525 * DAY;
const daily = { cron: "@daily" };

describe("a spec beyond the bounds", () => {
  it.each<[unknown, string]>([
    [{ every: { interval: 1e300 } }, "The schedule's every.interval is 1e+300 ms: give 36525 days at most."],
    [{ every: { interval: 1e20 } }, "every.interval is 100000000000000000000 ms: give 36525 days at most."],
    [{ every: { interval: 8.64e15 } }, "every.interval is 8640000000000000 ms"],
    [{ every: { interval: 4e15 } }, "every.interval is 4000000000000000 ms"],
    [{ every: { interval: CENTURY + 1 } }, `every.interval is ${CENTURY + 1} ms: give 36525 days at most.`],
    [
      { every: { interval: "9".repeat(309) + "d" } },
      "every.interval is Infinity ms: give 36525 days at most.",
    ],
    [{ every: { interval: CENTURY, offset: 1e300 } }, "every.offset is 1e+300 ms: give 36525 days at most."],
    [{ ...daily, jitter: 1e300 }, "The schedule's jitter is 1e+300 ms: give 366 days at most."],
    [{ ...daily, jitter: "999999999d" }, "jitter is 86399999913600000 ms: give 366 days at most."],
    [
      { ...daily, startAt: 8.64e15 },
      "The schedule's startAt is 8640000000000000: give a time of the years 1 to 9999.",
    ],
    [
      { ...daily, startAt: new Date(-8.64e15) },
      "startAt is -8640000000000000: give a time of the years 1 to 9999.",
    ],
    [{ ...daily, endAt: at("9999-12-31T23:59:59.999") + 1 }, "endAt is 253402300800000: give a time of the"],
  ])("is refused: %j", (spec, message) => {
    const parse = () => normalizeSpec(spec as never);

    expect(parse).toThrow(InvalidArgumentError);
    expect(parse).toThrow(message);
  });

  it.each<[string, unknown]>([
    ["cron", { cron: items("* * * * *") }],
    ["every", { every: items({ interval: 1 }) }],
    ["calendar", { calendar: items({ hour: 1 }) }],
    ["calendar.minute", { calendar: { minute: items(1) } }],
    ["exclude.cron", { ...daily, exclude: { cron: items("0 0 30 2 *") } }],
    ["exclude.calendar", { ...daily, exclude: { calendar: items({ hour: 1 }) } }],
    ["exclude.dates", { ...daily, exclude: { dates: items("2027-12-25") } }],
  ])("is refused: too many items of %s", (field, spec) => {
    const parse = () => normalizeSpec(spec as never);

    expect(parse).toThrow(InvalidArgumentError);
    expect(parse).toThrow(`The schedule's ${field} has 101 items: give 100 at most.`);
  });
});

function items<T>(item: T): readonly T[] {
  return Array.from({ length: MOST_ITEMS + 1 }, () => item);
}

describe("a spec at the bounds", () => {
  it("is taken", () => {
    const cron = Array.from({ length: MOST_ITEMS }, (_, index) => `${index % 60} ${index % 24} * * *`);
    const spec = {
      ...{ cron, every: { interval: "36525d", offset: "36524d" }, jitter: "366d" },
      ...{ startAt: at("0001-01-01"), endAt: new Date("9999-12-31T23:59:59.999Z") },
    };

    expect(normalizeSpec(spec)).toMatchObject({
      ...{ every: [{ interval: CENTURY, offset: CENTURY - DAY }], jitter: 366 * DAY },
      ...{ startAt: -62_135_596_800_000, endAt: 253_402_300_799_999 },
    });
  });

  it("keeps items that are the same once", () => {
    const spec = {
      ...{
        cron: ["@daily", "0  0 * * *", "@daily", "0 0 * * *"],
        every: [{ interval: "1h" }, { interval: 3_600_000 }],
      },
      calendar: [{ hour: 1 }, { hour: [1, 1] }],
    };

    expect(normalizeSpec(spec)).toEqual({
      ...{ cron: ["@daily", "0 0 * * *"], every: [{ interval: 3_600_000, offset: 0 }] },
      ...{ calendar: [{ hour: [1] }], timeZone: "UTC" },
    });
  });

  it("ticks no more when the year 2999 has ended everywhere", () => {
    const from = "2999-12-31T22:30";

    expect(firstTicks({ every: { interval: "7h" } }, from, 9).at(-1)).toBe("3000-01-01T10:00");
    expect(firstTicks({ cron: "0 * * * *", timeZone: "Etc/GMT+12" }, from, 99).at(-1)).toBe(
      "3000-01-01T11:00",
    );
  });

  it("has ticks from the year 1 on, whatever the time that is asked for", () => {
    const { ticks } = parseSpec({ cron: "@yearly", timeZone: "Europe/Paris" });

    expect(utc(ticks.next(-8.64e15) ?? 0)).toBe("0001-12-31T23:50:39");
    expect(ticks.next(8.64e15)).toBeUndefined();
  });
});

describe("any spec", () => {
  const wild = fc.oneof(
    fc.constantFrom(0, 1, CENTURY - 1, CENTURY, CENTURY + 1, 366 * DAY, 4e15, 8.64e15, 1e20, 1e300),
    fc.double(),
    fc.constant("999999999w"),
  );
  const hours = fc.integer({ min: HOUR, max: 366 * DAY });
  const duration = fc.oneof({ weight: 3, arbitrary: hours }, { weight: 1, arbitrary: wild });
  const moment = fc.oneof(
    fc.constantFrom(-8.64e15, at("0001-01-01"), 0, at("2999-12-31"), at("3000-01-01T12:00"), 8.64e15),
    fc.integer({ min: at("0001-01-01"), max: at("3000-01-01") }),
    fc.integer({ min: -8.64e15, max: 8.64e15 }),
    fc.date({ noInvalidDate: false }),
  );
  const every = fc.record(
    { interval: fc.oneof(duration, fc.integer({ min: HOUR, max: CENTURY })), offset: fc.nat(HOUR) },
    { requiredKeys: ["interval"] },
  );
  const cron = fc.constantFrom("@daily", "@yearly", "0 0 29 2 *", "0 0 30 2 *");
  const specs: fc.Arbitrary<ScheduleSpec> = fc.record(
    {
      ...{ cron, every, calendar: fc.record({ year: fc.constantFrom(1970, 2027, 2999) }) },
      timeZone: fc.constantFrom("UTC", "Pacific/Kiritimati", "Etc/GMT+12", "America/New_York"),
      ...{ startAt: moment, endAt: moment, jitter: duration },
    },
    { requiredKeys: ["every"] },
  );

  it("is refused, or has ticks that dates hold, jitter included", () => {
    const seen = { refused: 0, never: 0, ticks: 0 };
    fc.assert(
      fc.property(specs, moment.map(Number), (spec, asked) => {
        const now = Number.isNaN(asked) ? 0 : asked;
        let stored;
        try {
          stored = normalizeSpec(spec);
        } catch (error) {
          if (!InvalidArgumentError.is(error)) throw error;
          seen.refused++;
          return;
        }
        const next = ticksOf(stored).next(now);
        if (next === undefined) {
          seen.never++;
          return;
        }
        seen.ticks++;
        expect(next).toBeGreaterThan(now);
        expect(runId("s", next)).toMatch(/^s-/);
        expect(new Date(next + jitterOf("s", next, stored.jitter ?? 0)).getTime()).not.toBeNaN();
        const { ticks, planAgainAt } = planOf({
          ...{
            id: "s",
            spec: stored,
            after: next - 1,
            now: next - 1,
            catchUpWindow: CENTURY,
            maxCatchUp: 10,
          },
        });
        for (const time of [...ticks.map((tick) => tick.at), planAgainAt ?? 0])
          expect(new Date(time).getTime()).not.toBeNaN();
      }),
      { seed: 20_270_328, numRuns: 400 },
    );
    expect(seen.refused).toBeGreaterThan(50);
    expect(seen.never).toBeGreaterThan(0);
    expect(seen.ticks).toBeGreaterThan(30);
  });
});

describe("a spec that never ticks", () => {
  it.each<[string, ScheduleSpec]>([
    ["a date that is in no year", { cron: "0 0 30 2 *" }],
    ["a day of week too late in its month", { cron: "0 0 1-7 * +1#5" }],
    ["the month's last day in its first week", { cron: "0 0 L 2 +0#1" }],
    ["a calendar's date", { calendar: { dayOfMonth: 31, month: [2, 4, 6], year: { from: 1971 } } }],
  ])("is known by its days: %s", (_what, spec) => {
    expect(parseSpec(spec).ticks.next(at("2027-01-01"))).toBeUndefined();
  });

  it("is known without a look at each of the years to come", () => {
    const cron = "0 0 1-7 * +1#5";
    const from = at("2027-01-01");
    const search = new Cron(`0 ${cron}`, { utcOffset: 0 });

    const known = leastOf(
      5,
      () => parseSpec({ cron }).ticks,
      (ticks) => ticks.next(from),
    );
    const searched = leastOf(
      5,
      () => search,
      () => search.nextRun(new Date(from)),
    );

    expect(known).toBeLessThan(searched / 4);
  });

  it("is none that ticks in some leap years alone", () => {
    expect(firstTicks({ cron: "0 0 29 2 +1" }, "2027-01-01", 2)).toEqual([
      "2044-02-29T00:00",
      "2072-02-29T00:00",
    ]);
  });
});

describe("upcoming ticks", () => {
  it("are fewer than asked for where much is excluded between them", () => {
    // Of every two hours, one second is left.
    const cron = ["0-59 * 1-23/2 * * *", "0-59 1-59 * * * *", "1-59 * * * * *"];
    const { ticks } = parseSpec({ cron: "* * * * * *", exclude: { cron } });

    const upcoming = ticks.upcoming(at("2027-01-01T00:30"), 1000);

    expect(upcoming.slice(0, 3).map(utc)).toEqual([
      "2027-01-01T02:00",
      "2027-01-01T04:00",
      "2027-01-01T06:00",
    ]);
    expect(upcoming.length).toBeLessThan(20);
    expect(ticks.upcoming(upcoming.at(-1) ?? 0, 3)).toHaveLength(3);
  });

  it("are as many as asked for where a minute is excluded between them", () => {
    const spec = { cron: "* * * * * *", exclude: { cron: "1-59 * * * * *" } };

    expect(firstTicks(spec, "2027-01-01", 1000)).toHaveLength(1000);
  });
});

/** The shortest of some runs, in milliseconds. */
function leastOf<T>(runs: number, prepare: () => T, run: (prepared: T) => unknown): number {
  const times = Array.from({ length: runs }, () => {
    const prepared = prepare();
    const start = performance.now();
    run(prepared);
    return performance.now() - start;
  });
  return Math.min(...times);
}
