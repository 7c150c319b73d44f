import { InvalidArgumentError } from "@perdure/core";
import { normalizeSpec, parseSpec, ticksOf } from "../src";
import type { ScheduleSpec } from "../src";
import { at, firstTicks, ticksBetween, utc } from "./support";

describe("every", () => {
  it("ticks on the grid of the epoch", () => {
    expect(firstTicks({ every: { interval: "6h" } }, "2027-01-01T05:00", 2)).toEqual([
      "2027-01-01T06:00",
      "2027-01-01T12:00",
    ]);
  });

  it("shifts the grid by the offset", () => {
    expect(firstTicks({ every: { interval: "1d", offset: "9h 30m" } }, "2027-01-01T09:30", 2)).toEqual([
      "2027-01-02T09:30",
      "2027-01-03T09:30",
    ]);
  });

  it("is deaf to time zones", () => {
    const every = { interval: "1d" };

    expect(firstTicks({ every, timeZone: "Europe/Paris" }, "2027-03-27T12:00", 2)).toEqual(
      firstTicks({ every }, "2027-03-27T12:00", 2),
    );
  });

  it("merges several intervals", () => {
    const every = [{ interval: "4h" }, { interval: "6h" }];

    expect(ticksBetween({ every }, "2027-01-01", "2027-01-01T12:00")).toEqual([
      "2027-01-01T04:00",
      "2027-01-01T06:00",
      "2027-01-01T08:00",
      "2027-01-01T12:00",
    ]);
  });

  it("goes back before the epoch", () => {
    expect(parseSpec({ every: { interval: 1000, offset: 300 } }).ticks.upcoming(-1500, 2)).toEqual([
      -700, 300,
    ]);
  });
});

describe("calendar", () => {
  it("is midnight of every day that matches", () => {
    expect(firstTicks({ calendar: { dayOfMonth: 15 } }, "2027-01-01", 2)).toEqual([
      "2027-01-15T00:00",
      "2027-02-15T00:00",
    ]);
  });

  it("matches in every field, other than cron", () => {
    expect(firstTicks({ calendar: { dayOfMonth: 13, dayOfWeek: 5 } }, "2027-01-01", 2)).toEqual([
      "2027-08-13T00:00",
      "2028-10-13T00:00",
    ]);
  });

  it("takes numbers, ranges, steps and lists of them", () => {
    const calendar = {
      hour: [8, { from: 12, to: 18, step: 3 }],
      minute: 30,
      second: { from: 58 },
      dayOfWeek: 7,
    };

    expect(firstTicks({ calendar }, "2027-01-01", 9).map((tick) => tick.slice(8))).toEqual([
      "03T08:30:58",
      "03T08:30:59",
      "03T12:30:58",
      "03T12:30:59",
      "03T15:30:58",
      "03T15:30:59",
      "03T18:30:58",
      "03T18:30:59",
      "10T08:30:58",
    ]);
  });

  it("counts steps of days and months from 1", () => {
    const calendar = { dayOfMonth: { step: 15 }, month: { step: 6 } };

    expect(firstTicks({ calendar }, "2027-01-02", 3)).toEqual([
      "2027-01-16T00:00",
      "2027-01-31T00:00",
      "2027-07-01T00:00",
    ]);
  });

  it("ends with its years", () => {
    const calendar = { year: { from: 2028, to: 2032, step: 4 }, month: 12, dayOfMonth: 31, hour: 23 };

    expect(firstTicks({ calendar, timeZone: "America/New_York" }, "2027-01-01", 5)).toEqual([
      "2029-01-01T04:00",
      "2033-01-01T04:00",
    ]);
  });

  it("ends with the second pass of an hour that its last day repeats", () => {
    const calendar = { year: 2027, month: 10, dayOfMonth: 31, hour: 2, minute: [0, 30] };

    expect(firstTicks({ calendar, overlap: "both", timeZone: "Europe/Paris" }, "2027-01-01", 9)).toEqual([
      "2027-10-31T00:00",
      "2027-10-31T00:30",
      "2027-10-31T01:00",
      "2027-10-31T01:30",
    ]);
  });

  it("may be given in lists, with cron and intervals beside it", () => {
    const spec = {
      calendar: [{ hour: 1 }, { hour: 2, minute: 30 }],
      cron: "0 3 * * *",
      every: { interval: "1d", offset: "4h" },
    };

    expect(ticksBetween(spec, "2027-01-01", "2027-01-02")).toEqual([
      "2027-01-01T01:00",
      "2027-01-01T02:30",
      "2027-01-01T03:00",
      "2027-01-01T04:00",
    ]);
  });
});

describe("exclude", () => {
  const daily = { cron: "0 9 * * *", timeZone: "America/New_York" };

  it("leaves out local dates, whole", () => {
    const cron = "0 */8 * * *";

    const ticks = ticksBetween(
      { ...daily, cron, exclude: { dates: ["2027-01-01"] } },
      "2026-12-31T20:00",
      "2027-01-02T14:00",
    );

    expect(ticks).toEqual(["2026-12-31T21:00", "2027-01-02T05:00", "2027-01-02T13:00"]);
  });

  it("leaves out all of a day that a calendar names, and every minute that cron names", () => {
    expect(
      ticksBetween({ ...daily, exclude: { calendar: { dayOfWeek: [0, 6] } } }, "2027-01-01", "2027-01-05"),
    ).toEqual(["2027-01-01T14:00", "2027-01-04T14:00"]);
    expect(
      firstTicks({ cron: "*/20 * * * * *", exclude: { cron: "0 * * * *" } }, "2026-12-31T23:59:50", 2),
    ).toEqual(["2027-01-01T00:01", "2027-01-01T00:01:20"]);
  });

  it("leaves out what is within its hours, minutes and seconds", () => {
    const spec = { every: { interval: "15s" } };

    expect(firstTicks({ ...spec, exclude: { calendar: { hour: { to: 22 } } } }, "2027-01-01", 1)).toEqual([
      "2027-01-01T23:00",
    ]);
    expect(firstTicks({ ...spec, exclude: { calendar: { second: [0, 15] } } }, "2027-01-01", 3)).toEqual([
      "2027-01-01T00:00:30",
      "2027-01-01T00:00:45",
      "2027-01-01T00:01:30",
    ]);
    expect(firstTicks({ ...spec, exclude: { cron: "15 * * * * *" } }, "2027-01-01", 2)).toEqual([
      "2027-01-01T00:00:30",
      "2027-01-01T00:00:45",
    ]);
  });

  it("goes by the time at which a tick happens, not the one it was moved from", () => {
    const spec = { cron: "30 2 * * *", timeZone: "Europe/Paris" };
    const march = "2027-03-27T12:00";

    expect(firstTicks({ ...spec, exclude: { cron: "* 3 * * *" } }, march, 1)).toEqual(["2027-03-29T00:30"]);
    expect(firstTicks({ ...spec, exclude: { cron: "* 2 28 * *" } }, march, 1)).toEqual(["2027-03-28T01:30"]);
  });

  it("leaves out both passes of an hour that clocks repeat", () => {
    const spec = { cron: "*/30 * * * *", exclude: { calendar: { hour: 2 } }, timeZone: "Europe/Paris" };

    expect(ticksBetween(spec, "2027-10-30T23:00", "2027-10-31T02:00")).toEqual([
      "2027-10-30T23:30",
      "2027-10-31T02:00",
    ]);
  });

  it("leaves out intervals by wall-clock time", () => {
    const spec = {
      every: { interval: "1h" },
      timeZone: "Asia/Kathmandu",
      exclude: { calendar: { hour: { to: 16 } } },
    };

    expect(firstTicks(spec, "2027-01-01", 1)).toEqual(["2027-01-01T12:00"]);
  });

  it("steps over long exclusions of frequent ticks", () => {
    const spec = { cron: "* * * * * *", exclude: { calendar: { year: { from: 2027, to: 2036 } } } };

    expect(firstTicks(spec, "2027-01-01", 1)).toEqual(["2037-01-01T00:00"]);
  });

  it.each<[string, ScheduleSpec]>([
    ["by itself", { cron: "0 9 * * *", exclude: { cron: "0 9 * * *" } }],
    ["by every day", { cron: "* * * * * *", exclude: { cron: "* * * * *" } }],
    ["in two halves", { cron: "* * * * * *", exclude: { cron: ["* 0-11 * * *", "* 12-23 * * *"] } }],
  ])("gives up on a spec that is excluded %s", (_what, spec) => {
    expect(firstTicks(spec, "2027-01-01", 1)).toEqual([]);
  });
});

describe("startAt and endAt", () => {
  const spec = { cron: "0 9 * * *", startAt: at("2027-01-02T09:00"), endAt: new Date("2027-01-04T09:00Z") };

  it("are part of the time between them", () => {
    expect(firstTicks(spec, "2026-01-01", 9)).toEqual([
      "2027-01-02T09:00",
      "2027-01-03T09:00",
      "2027-01-04T09:00",
    ]);
  });

  it("may leave nothing", () => {
    expect(firstTicks(spec, "2027-01-04T09:00", 9)).toEqual([]);
    expect(
      firstTicks(
        { ...spec, startAt: at("2027-01-02T10:00"), endAt: at("2027-01-02T11:00") },
        "2026-01-01",
        9,
      ),
    ).toEqual([]);
  });
});

describe("ticks", () => {
  const { ticks } = parseSpec({ every: { interval: "1h" } });

  it("lie after the first bound and not after the second", () => {
    const between = ticks.between(at("2027-01-01T01:00"), at("2027-01-01T03:00"), 10);

    expect(between.map(utc)).toEqual(["2027-01-01T02:00", "2027-01-01T03:00"]);
  });

  it("are no more than asked for, the earliest", () => {
    expect(ticks.between(0, at("2027-01-01"), 2)).toEqual([3_600_000, 7_200_000]);
    expect(ticks.between(0, at("2027-01-01"), 0)).toEqual([]);
    expect(ticks.upcoming(0, 2)).toEqual([3_600_000, 7_200_000]);
  });

  it("are the same in whatever order they are asked for", () => {
    const spec = { cron: ["*/7 * * * *", "30 2 * * *"], timeZone: "Europe/Paris" };
    const { ticks: asked } = parseSpec(spec);
    const times = Array.from(
      { length: 200 },
      (_, index) => at("2027-03-27") + ((index * 7919) % 3000) * 60_000,
    );

    for (const time of times) expect(asked.next(time)).toBe(parseSpec(spec).ticks.next(time));
  });

  it("of ten years of every five minutes are listed", () => {
    const everyFiveMinutes = parseSpec({ cron: "*/5 * * * *", timeZone: "Europe/Paris" }).ticks;

    const listed = everyFiveMinutes.between(at("2027-01-01") - 1, at("2036-12-31T23:59"), Infinity);

    expect(listed).toHaveLength(3653 * 288);
    expect(listed.every((tick) => tick % 300_000 === 0)).toBe(true);
  });
});

describe("normalizeSpec", () => {
  const rich: ScheduleSpec = {
    cron: "  0   9 * *  1-5 ",
    every: { interval: "1h 30m" },
    calendar: { hour: 9, dayOfWeek: [1, { from: 3, to: 5 }], month: { step: 3 } },
    exclude: { cron: ["@daily"], calendar: { month: 8 }, dates: ["2027-12-25"] },
    timeZone: "europe/paris",
    gap: "skip",
    overlap: "both",
    startAt: new Date(5),
    endAt: 1e12,
    jitter: "5m",
  };

  it("gives plain JSON, in milliseconds", () => {
    const stored = normalizeSpec(rich);

    expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
    expect(stored).toEqual({
      cron: ["0 9 * * 1-5"],
      every: [{ interval: 5_400_000, offset: 0 }],
      calendar: [
        { hour: [9], dayOfWeek: [1, { from: 3, to: 5, step: 1 }], month: [{ from: 1, to: 12, step: 3 }] },
      ],
      exclude: { cron: ["@daily"], calendar: [{ month: [8] }], dates: ["2027-12-25"] },
      timeZone: "Europe/Paris",
      gap: "skip",
      overlap: "both",
      startAt: 5,
      endAt: 1e12,
      jitter: 300_000,
    });
  });

  it("changes nothing the second time", () => {
    const stored = normalizeSpec(rich);

    expect(normalizeSpec(stored)).toEqual(stored);
  });

  it("adds nothing but the time zone", () => {
    expect(normalizeSpec({ cron: "@daily" })).toEqual({ cron: ["@daily"], timeZone: "UTC" });
  });

  it("keeps all that ticks depend on", () => {
    const { stored, ticks } = parseSpec(rich);
    const restored = ticksOf(JSON.parse(JSON.stringify(stored)));

    expect(restored.upcoming(0, 50)).toEqual(ticks.upcoming(0, 50));
  });
});

const CRON_HINT =
  "give five fields (minute, hour, day of month, month, day of week), or six with seconds first.";

describe("a spec that cannot be read", () => {
  it.each<[unknown, string]>([
    [
      undefined,
      "The schedule is not an object: give one with any of cron, every, calendar, exclude, timeZone",
    ],
    [
      "@daily",
      "The schedule is not an object: give one with any of cron, every, calendar, exclude, timeZone",
    ],
    [{}, "The schedule never ticks: give one or more of cron, every, calendar."],
    [{ exclude: { cron: "@daily" } }, "The schedule never ticks: give one or more of cron, every, calendar."],
    [{ crom: "@daily" }, "The schedule has an unknown field 'crom': did you mean 'cron'?"],
    [
      { cron: "@daily", timezone: "UTC" },
      "The schedule has an unknown field 'timezone': did you mean 'timeZone'?",
    ],
    [{ when: "@daily" }, "The schedule has an unknown field 'when': give any of cron, every,"],

    [{ cron: 5 }, `The schedule's cron is 5: give a cron line such as "0 9 * * 1-5".`],
    [{ cron: [] }, "The schedule's cron is an empty list: give one item or more, or leave it out."],
    [{ cron: "constructor" }, `The schedule's cron is 'constructor', of 1 fields: ${CRON_HINT}`],
    [{ cron: "" }, `The schedule's cron is '', of 1 fields: ${CRON_HINT}`],
    [{ cron: ["@daily", "* * * *"] }, `The schedule's cron[1] is '* * * *', of 4 fields: ${CRON_HINT}`],
    [{ cron: "0 0 0 1 1 * 2027" }, `The schedule's cron is '0 0 0 1 1 * 2027', of 7 fields: ${CRON_HINT}`],
    [
      { cron: "2027-01-01T00:00" },
      "The schedule's cron is '2027-01-01T00:00', with characters that have no meaning",
    ],
    [
      { cron: "0 0:30 * * *" },
      "The schedule's cron is '0 0:30 * * *', with characters that have no meaning there: give five",
    ],
    [
      { cron: "@reboot" },
      "The schedule's cron is '@reboot': give one of @yearly, @annually, @monthly, @weekly, @daily,",
    ],
    [
      { cron: "60 * * * *" },
      `The schedule's cron is '60 * * * *' (Invalid value for minute: 60): ${CRON_HINT}`,
    ],
    [
      { cron: "0 24 * * *" },
      `The schedule's cron is '0 24 * * *' (Invalid value for hour: 24): ${CRON_HINT}`,
    ],
    [
      { cron: "a * * * *" },
      `The schedule's cron is 'a * * * *' ('a' contains illegal characters): ${CRON_HINT}`,
    ],
    [
      { cron: "0 9 * * FUN" },
      "The schedule's cron is '0 9 * * FUN' ('FUN' contains illegal characters): give five",
    ],
    [{ cron: "5-1 * * * *" }, "(From value is larger than to value: '5-1'): give five fields"],
    [{ cron: "*/0 * * * *" }, "(Syntax error, illegal stepping: 0): give five fields"],

    [{ every: "1h" }, "The schedule's every is not an object: give one with any of interval, offset."],
    [{ every: {} }, "The schedule's every.interval is 'undefined': give"],
    [{ every: { interval: "soon" } }, "The schedule's every.interval is 'soon': give"],
    [{ every: { interval: 0 } }, "The schedule's every.interval is 0: give 1 millisecond or more."],
    [{ every: [{ interval: "1h" }, { interval: -1 }] }, "The schedule's every[1].interval is -1: give"],
    [{ every: { interval: "1h", offset: null } }, "The schedule's every.offset is 'null': give"],
    [
      { every: { interval: "1h", offset: "90m" } },
      "The schedule's every.offset is 5400000 ms: give less than the interval, which is 3600000 ms.",
    ],
    [
      { every: { interval: "1h", phase: 0 } },
      "The schedule's every has an unknown field 'phase': give any of interval, offset.",
    ],

    [
      { calendar: {} },
      "The schedule's calendar is empty: give one or more of second, minute, hour, dayOfMonth,",
    ],
    [
      { calendar: null },
      "The schedule's calendar is not an object: give one with any of second, minute, hour,",
    ],
    [
      { calendar: { day: 5 } },
      "The schedule's calendar has an unknown field 'day': give any of second, minute, hour,",
    ],
    [
      { calendar: { hours: 5 } },
      "The schedule's calendar has an unknown field 'hours': did you mean 'hour'?",
    ],
    [{ calendar: { hour: 24 } }, "The schedule's calendar.hour is 24: give a whole number from 0 to 23."],
    [{ calendar: { hour: 1.5 } }, "The schedule's calendar.hour is 1.5: give a whole number from 0 to 23."],
    [
      { calendar: [{ hour: 1 }, { month: [1, "May"] }] },
      "The schedule's calendar[1].month[1] is 'May': give a number from 1 to 12, a range { from, to, step }, or a list of these.",
    ],
    [
      { calendar: { dayOfMonth: { from: 0 } } },
      "The schedule's calendar.dayOfMonth.from is 0: give a whole number from 1 to 31.",
    ],
    [
      { calendar: { dayOfWeek: { to: 8 } } },
      "The schedule's calendar.dayOfWeek.to is 8: give a whole number from 0 to 7.",
    ],
    [
      { calendar: { minute: { step: 0 } } },
      "The schedule's calendar.minute.step is 0: give a whole number from 1 to 59.",
    ],
    [
      { calendar: { hour: { from: 9, to: 5 } } },
      "The schedule's calendar.hour goes from 9 to 5: give the lesser number first.",
    ],
    [
      { calendar: { hour: { start: 9 } } },
      "The schedule's calendar.hour has an unknown field 'start': give any of from, to, step.",
    ],
    [
      { calendar: { second: [] } },
      "The schedule's calendar.second is an empty list: give one item or more, or leave it out.",
    ],
    [
      { calendar: { year: 27 } },
      "The schedule's calendar.year is 27: give a whole number from 1970 to 2999.",
    ],

    [
      { cron: "@daily", exclude: "@daily" },
      "The schedule's exclude is not an object: give one with any of cron, calendar, dates.",
    ],
    [
      { cron: "@daily", exclude: { date: [] } },
      "The schedule's exclude has an unknown field 'date': did you mean 'dates'?",
    ],
    [
      { cron: "@daily", exclude: { cron: "x" } },
      `The schedule's exclude.cron is 'x', of 1 fields: ${CRON_HINT}`,
    ],
    [
      { cron: "@daily", exclude: { calendar: { hour: -1 } } },
      "The schedule's exclude.calendar.hour is -1: give a whole number",
    ],
    [
      { cron: "@daily", exclude: { dates: ["2027-02-28", "2027-02-29"] } },
      `The schedule's exclude.dates[1] is '2027-02-29': give an existing date such as "2027-12-25".`,
    ],
    [
      { cron: "@daily", exclude: { dates: [new Date(0)] } },
      "The schedule's exclude.dates[0] is of type object: give an existing date",
    ],

    [
      { cron: "@daily", timeZone: "Paris" },
      `The schedule's timeZone 'Paris' is not known: did you mean "Europe/Paris"?`,
    ],
    [
      { cron: "@daily", timeZone: null },
      `The schedule's timeZone is of type object: give an IANA name such as "Europe/Paris".`,
    ],
    [
      { cron: "@daily", gap: "both" },
      `The schedule's gap is 'both': give one of "earlier", "later", "skip", or leave it out.`,
    ],
    [
      { cron: "@daily", overlap: 1 },
      `The schedule's overlap is 1: give one of "earlier", "later", "both", or leave it out.`,
    ],
    [
      { cron: "@daily", startAt: new Date(NaN) },
      "The schedule's startAt is an invalid date: give a valid Date or whole milliseconds",
    ],
    [
      { cron: "@daily", startAt: "2027-01-01" },
      "The schedule's startAt is '2027-01-01': give a valid Date or whole milliseconds",
    ],
    [
      { cron: "@daily", endAt: Infinity },
      "The schedule's endAt is Infinity: give a valid Date or whole milliseconds since the epoch.",
    ],
    [
      { cron: "@daily", startAt: 2, endAt: 1 },
      "The schedule ends before it starts: give an 'endAt' after 'startAt'.",
    ],
    [{ cron: "@daily", jitter: -1 }, "The schedule's jitter is -1: give"],
  ])("%j is refused with a message that says what to do", (spec, message) => {
    const parse = () => parseSpec(spec as never);

    expect(parse).toThrow(InvalidArgumentError);
    expect(parse).toThrow(message);
  });
});
