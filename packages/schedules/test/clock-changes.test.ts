import { firstTicks, ticksBetween } from "./support";

/** The night in spring and the night in autumn, each from before to after. */
const PARIS: Readonly<Record<"spring" | "autumn", readonly [string, string]>> = {
  spring: ["2027-03-27T23:30", "2027-03-28T03:00"],
  autumn: ["2027-10-30T22:30", "2027-10-31T03:00"],
};

function inParis(cron: string, night: keyof typeof PARIS, policies = {}): readonly string[] {
  return ticksBetween({ cron, timeZone: "Europe/Paris", ...policies }, ...PARIS[night]);
}

describe("I7: absolute times and cron with zones", () => {
  it("ticks at the same wall-clock time all year", () => {
    const ticks = ticksBetween(
      { cron: "0 9 1 * *", timeZone: "America/New_York" },
      "2027-01-01",
      "2027-12-31",
    );

    expect(ticks.map((tick) => tick.slice(5))).toEqual([
      "01-01T14:00",
      "02-01T14:00",
      "03-01T14:00",
      "04-01T13:00",
      "05-01T13:00",
      "06-01T13:00",
      "07-01T13:00",
      "08-01T13:00",
      "09-01T13:00",
      "10-01T13:00",
      "11-01T13:00",
      "12-01T14:00",
    ]);
  });

  it("is in UTC unless told otherwise", () => {
    expect(firstTicks({ cron: "30 2 * * *" }, "2027-03-27", 2)).toEqual([
      "2027-03-27T02:30",
      "2027-03-28T02:30",
    ]);
  });

  it("keeps to the quarter hours of Kathmandu", () => {
    expect(firstTicks({ cron: "0 9 * * *", timeZone: "Asia/Kathmandu" }, "2027-05-01", 2)).toEqual([
      "2027-05-01T03:15",
      "2027-05-02T03:15",
    ]);
  });
});

describe("a line that names the hour", () => {
  it("T7: ticks once on the day that lacks its time, later by the gap", () => {
    expect(inParis("30 2 * * *", "spring")).toEqual(["2027-03-28T01:30"]);
  });

  it("T7: ticks once on the day that has its time twice, at the first", () => {
    expect(inParis("30 2 * * *", "autumn")).toEqual(["2027-10-31T00:30"]);
  });

  it.each([
    ["later", ["2027-03-28T01:30"]],
    ["earlier", ["2027-03-28T00:30"]],
    ["skip", []],
  ])("T7: follows the gap policy %p", (gap, expected) => {
    expect(inParis("30 2 * * *", "spring", { gap })).toEqual(expected);
  });

  it.each([
    ["earlier", ["2027-10-31T00:30"]],
    ["later", ["2027-10-31T01:30"]],
    ["both", ["2027-10-31T00:30", "2027-10-31T01:30"]],
  ])("T7: follows the overlap policy %p", (overlap, expected) => {
    expect(inParis("30 2 * * *", "autumn", { overlap })).toEqual(expected);
  });

  it("T7: starts a range of hours anew after the gap, and each time once", () => {
    expect(inParis("0 1-4 * * *", "spring")).toEqual([
      "2027-03-28T00:00",
      "2027-03-28T01:00",
      "2027-03-28T02:00",
    ]);
    expect(inParis("0 1-3 * * *", "autumn")).toEqual([
      "2027-10-30T23:00",
      "2027-10-31T00:00",
      "2027-10-31T02:00",
    ]);
  });

  it("T7: merges moved ticks with those already there, in order", () => {
    const cron = ["15,45 2 * * *", "0,30,45 3 * * *"];

    const ticks = ticksBetween({ cron, timeZone: "Europe/Paris" }, ...PARIS.spring);

    expect(ticks).toEqual(["2027-03-28T01:00", "2027-03-28T01:15", "2027-03-28T01:30", "2027-03-28T01:45"]);
  });

  it("T7: moves ticks back among earlier ones, in order", () => {
    const spec = { cron: "10,50 1,2 * * *", timeZone: "Australia/Lord_Howe", gap: "earlier" } as const;

    expect(ticksBetween(spec, "2027-10-02T14:00", "2027-10-02T16:00")).toEqual([
      "2027-10-02T14:40",
      "2027-10-02T15:10",
      "2027-10-02T15:20",
      "2027-10-02T15:50",
    ]);
  });

  it.each([
    ["America/New_York", "30 2 * * *", "2027-03-13T12:00", "2027-03-14T07:30", "2027-03-15T06:30"],
    ["Australia/Sydney", "30 2 * * *", "2027-10-02T00:00", "2027-10-02T16:30", "2027-10-03T15:30"],
    ["America/Santiago", "0 0 * * *", "2027-09-04T12:00", "2027-09-05T04:00", "2027-09-06T03:00"],
    ["Australia/Lord_Howe", "15 2 * * *", "2027-10-02T00:00", "2027-10-02T15:45", "2027-10-03T15:15"],
    ["Africa/Casablanca", "30 2 * * *", "2027-03-13T12:00", "2027-03-14T02:30", "2027-03-15T01:30"],
  ])("T7: ticks once around the gap of %s", (timeZone, cron, from, first, second) => {
    expect(firstTicks({ cron, timeZone }, from, 2)).toEqual([first, second]);
  });

  it.each([
    ["America/New_York", "30 1 * * *", "2027-11-06T12:00", "2027-11-07T05:30", "2027-11-08T06:30"],
    ["Australia/Sydney", "30 2 * * *", "2027-04-03T00:00", "2027-04-03T15:30", "2027-04-04T16:30"],
    ["America/Santiago", "30 23 * * *", "2027-04-03T12:00", "2027-04-04T02:30", "2027-04-05T03:30"],
    ["Australia/Lord_Howe", "45 1 * * *", "2027-04-03T00:00", "2027-04-03T14:45", "2027-04-04T15:15"],
    ["Africa/Casablanca", "30 2 * * *", "2027-02-06T12:00", "2027-02-07T01:30", "2027-02-08T02:30"],
  ])("T7: ticks once around the overlap of %s", (timeZone, cron, from, first, second) => {
    expect(firstTicks({ cron, timeZone }, from, 2)).toEqual([first, second]);
  });
});

describe("a line that leaves the hour open", () => {
  it.each(["spring", "autumn"] as const)("T7: neither pauses nor doubles in %s, every half hour", (night) => {
    const [from, to] = PARIS[night];

    const ticks = inParis("*/30 * * * *", night).map((tick) => Date.parse(`${tick}Z`));

    expect(ticks[0]).toBe(Date.parse(`${from}Z`) + 30 * 60_000);
    expect(ticks.at(-1)).toBe(Date.parse(`${to}Z`));
    for (const [index, tick] of ticks.slice(1).entries())
      expect(tick - (ticks[index] ?? 0)).toBe(30 * 60_000);
  });

  it("T7: ticks on the hour in the repeated hour too", () => {
    expect(inParis("0 * * * *", "autumn")).toEqual([
      "2027-10-30T23:00",
      "2027-10-31T00:00",
      "2027-10-31T01:00",
      "2027-10-31T02:00",
      "2027-10-31T03:00",
    ]);
  });

  it("T7: leaves out a step that clocks skip, and repeats one that they repeat", () => {
    expect(inParis("0 */2 * * *", "spring")).toEqual(["2027-03-28T02:00"]);
    expect(inParis("0 */2 * * *", "autumn")).toEqual([
      "2027-10-31T00:00",
      "2027-10-31T01:00",
      "2027-10-31T03:00",
    ]);
  });

  it.each([
    [
      "gap",
      "later",
      "spring",
      ["2027-03-28T00:00", "2027-03-28T01:00", "2027-03-28T02:00", "2027-03-28T03:00"],
    ],
    [
      "gap",
      "earlier",
      "spring",
      ["2027-03-28T00:00", "2027-03-28T01:00", "2027-03-28T02:00", "2027-03-28T03:00"],
    ],
    [
      "overlap",
      "earlier",
      "autumn",
      ["2027-10-30T23:00", "2027-10-31T00:00", "2027-10-31T02:00", "2027-10-31T03:00"],
    ],
    [
      "overlap",
      "later",
      "autumn",
      ["2027-10-30T23:00", "2027-10-31T01:00", "2027-10-31T02:00", "2027-10-31T03:00"],
    ],
  ] as const)("T7: follows an explicit %s policy %p", (kind, policy, night, expected) => {
    expect(inParis("0 * * * *", night, { [kind]: policy })).toEqual(expected);
  });

  it("T7: treats a calendar with all hours alike", () => {
    const calendar = { hour: { step: 1 }, minute: 30 };

    expect(ticksBetween({ calendar, timeZone: "Europe/Paris" }, ...PARIS.autumn)).toEqual(
      inParis("30 * * * *", "autumn"),
    );
  });

  it("T7: keeps a ten-minute beat through Lord Howe's half hour", () => {
    const ticks = ticksBetween(
      { cron: "*/10 * * * *", timeZone: "Australia/Lord_Howe" },
      "2027-04-03T14:30",
      "2027-04-03T15:40",
    );

    expect(ticks.map((tick) => tick.slice(11))).toEqual([
      "14:40",
      "14:50",
      "15:00",
      "15:10",
      "15:20",
      "15:30",
      "15:40",
    ]);
  });
});

describe("the day that Samoa skipped", () => {
  const days = ["2011-12-29T00:00", "2012-01-01T00:00"] as const;
  const noon = { cron: "0 12 * * *", timeZone: "Pacific/Apia" };

  it("T7: moves a whole day's ticks onto the next, where they meet", () => {
    expect(ticksBetween(noon, ...days)).toEqual(["2011-12-29T22:00", "2011-12-30T22:00", "2011-12-31T22:00"]);
  });

  it("T7: leaves them out when told so, for the same ticks", () => {
    expect(ticksBetween({ ...noon, gap: "skip" }, ...days)).toEqual(ticksBetween(noon, ...days));
  });

  it("T7: moves what ticks on that date alone", () => {
    const spec = { cron: "0 12 30 12 *", timeZone: "Pacific/Apia" };

    expect(ticksBetween(spec, ...days)).toEqual(["2011-12-30T22:00"]);
    expect(ticksBetween({ ...spec, gap: "earlier" }, ...days)).toEqual(["2011-12-29T22:00"]);
    expect(ticksBetween({ ...spec, gap: "skip" }, ...days)).toEqual([]);
  });
});
