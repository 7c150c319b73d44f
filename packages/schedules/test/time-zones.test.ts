import { InvalidArgumentError } from "@perdure/core";
import type { WallClock } from "@perdure/core";
import { timeZones } from "../src";

import { at, utc } from "./support";

function instant(time: string, timeZone: string, policy: Pick<WallClock, "gap" | "overlap"> = {}): string {
  return utc(timeZones.instantOf({ at: time, timeZone, ...policy }));
}

describe("instantOf", () => {
  it("T7: counts 30 days and 23 hours from 1 March to 1 April 2019 in Paris", () => {
    const march = timeZones.instantOf({ at: "2019-03-01T00:00", timeZone: "Europe/Paris" });
    const april = timeZones.instantOf({ at: "2019-04-01T00:00", timeZone: "Europe/Paris" });

    expect(april - march).toBe((30 * 24 + 23) * 3_600_000);
  });

  it("T7: counts 30 days and 1 hour in the southern autumn", () => {
    const april = timeZones.instantOf({ at: "2019-04-01", timeZone: "Australia/Sydney" });
    const may = timeZones.instantOf({ at: "2019-05-01", timeZone: "Australia/Sydney" });

    expect(may - april).toBe((30 * 24 + 1) * 3_600_000);
  });

  it.each([
    ["2027-07-01", "UTC", "2027-07-01T00:00"],
    ["2027-07-01T12:00", "Europe/Paris", "2027-07-01T10:00"],
    ["2027-07-01T12:00:30", "Europe/Paris", "2027-07-01T10:00:30"],
    ["2027-07-01T12:00", "europe/paris", "2027-07-01T10:00"],
    ["2027-07-01T12:00", "Asia/Kathmandu", "2027-07-01T06:15"],
    ["2027-07-01T12:00", "America/St_Johns", "2027-07-01T14:30"],
    ["2027-07-01T12:00", "Etc/GMT+5", "2027-07-01T17:00"],
    ["1969-07-20T22:56", "America/New_York", "1969-07-21T02:56"],
  ])("takes %s in %s for %s", (local, zone, expected) => {
    expect(instant(local, zone)).toBe(expected);
  });

  it("takes milliseconds", () => {
    const time = timeZones.instantOf({ at: "2027-01-01T00:00:00.125", timeZone: "UTC" });

    expect(time).toBe(at("2027-01-01") + 125);
  });

  it.each([
    ["Europe/Paris", "2027-03-28T02:30", "2027-03-28T00:30", "2027-03-28T01:30"],
    ["America/New_York", "2027-03-14T02:30", "2027-03-14T06:30", "2027-03-14T07:30"],
    ["Australia/Sydney", "2027-10-03T02:30", "2027-10-02T15:30", "2027-10-02T16:30"],
    ["America/Santiago", "2027-09-05T00:00", "2027-09-05T03:00", "2027-09-05T04:00"],
    ["Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-02T15:15", "2027-10-02T15:45"],
    ["Africa/Casablanca", "2027-03-14T02:30", "2027-03-14T01:30", "2027-03-14T02:30"],
    ["Pacific/Apia", "2011-12-30T12:00", "2011-12-29T22:00", "2011-12-30T22:00"],
  ])("T7: moves a time that clocks skip in %s by the length of the gap", (zone, local, earlier, later) => {
    expect(instant(local, zone, { gap: "earlier" })).toBe(earlier);
    expect(instant(local, zone, { gap: "later" })).toBe(later);
    expect(instant(local, zone, { overlap: "later" })).toBe(later);
    expect(instant(local, zone)).toBe(later);
  });

  it.each([
    ["Europe/Paris", "2027-10-31T02:30", "2027-10-31T00:30", "2027-10-31T01:30"],
    ["America/New_York", "2027-11-07T01:30", "2027-11-07T05:30", "2027-11-07T06:30"],
    ["Australia/Sydney", "2027-04-04T02:30", "2027-04-03T15:30", "2027-04-03T16:30"],
    ["America/Santiago", "2027-04-03T23:30", "2027-04-04T02:30", "2027-04-04T03:30"],
    ["Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-03T14:45", "2027-04-03T15:15"],
    ["Africa/Casablanca", "2027-02-07T02:30", "2027-02-07T01:30", "2027-02-07T02:30"],
  ])(
    "T7: takes the first or the second of a time that clocks show twice in %s",
    (zone, local, earlier, later) => {
      expect(instant(local, zone, { overlap: "earlier" })).toBe(earlier);
      expect(instant(local, zone, { overlap: "later" })).toBe(later);
      expect(instant(local, zone, { gap: "earlier" })).toBe(earlier);
      expect(instant(local, zone)).toBe(earlier);
    },
  );

  it.each<[unknown, string]>([
    ["Paris", `The time zone 'Paris' is not known: did you mean "Europe/Paris"?`],
    ["new york", `The time zone 'new york' is not known: did you mean "America/New_York"?`],
    ["Europe/Pariss", `The time zone 'Europe/Pariss' is not known: did you mean "Europe/Paris"?`],
    ["America/NewYork", `The time zone 'America/NewYork' is not known: did you mean "America/New_York"?`],
    ["Mars/Olympus", `The time zone 'Mars/Olympus' is not known: give an IANA name such as "Europe/Paris".`],
    ["", `The time zone '' is not known: give an IANA name such as "Europe/Paris".`],
    [
      "+02:00",
      `The time zone '+02:00' is an offset: give an IANA name such as "Europe/Paris", which knows its offsets.`,
    ],
    [
      "2027-01-01T00:00[Europe/Paris]",
      `The time zone '2027-01-01T00:00[Europe/Paris]' is an offset: give an IANA name such as "Europe/Paris", which knows its offsets.`,
    ],
    [2, `The time zone is of type number: give an IANA name such as "Europe/Paris".`],
    [undefined, `The time zone is of type undefined: give an IANA name such as "Europe/Paris".`],
  ])("refuses the time zone %p", (timeZone, message) => {
    const instantOf = () => timeZones.instantOf({ at: "2027-01-01", timeZone: timeZone as never });

    expect(instantOf).toThrow(InvalidArgumentError);
    expect(instantOf).toThrow(message);
  });

  it.each<[unknown, string]>([
    ...[
      "2027-03-28T02:30Z",
      "2027-03-28T02:30+01:00",
      "2027-03-28T02:30:00-0300",
      "2027-03-28T02:30[UTC]",
    ].map((time): [string, string] => [
      time,
      `The local time '${time}' has an offset: leave it out, it follows from the time zone.`,
    ]),
    ...[
      "",
      "tomorrow",
      "2027-02-30",
      "2027-13-01T00:00",
      "2027-03-28T24:00",
      "2027-03-28T02:30:60",
      "02:30",
    ].map((time): [string, string] => [
      time,
      `The local time '${time}' is not a date and time: give an existing one such as "2027-03-28T02:30".`,
    ]),
    [5, `The local time is of type number: give text such as "2027-03-28T02:30".`],
  ])("refuses the local time %p", (time, message) => {
    const instantOf = () => timeZones.instantOf({ at: time as never, timeZone: "UTC" });

    expect(instantOf).toThrow(InvalidArgumentError);
    expect(instantOf).toThrow(message);
  });

  it("refuses policies it does not have", () => {
    const time = { at: "2027-01-01", timeZone: "UTC" };

    expect(() => timeZones.instantOf({ ...time, gap: "skip" as never })).toThrow(
      `The gap is 'skip': give "earlier" or "later".`,
    );
    expect(() => timeZones.instantOf({ ...time, overlap: "both" as never })).toThrow(
      `The overlap is 'both': give "earlier" or "later".`,
    );
  });
});
