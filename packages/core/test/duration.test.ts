import { durationMs, momentMs } from "../src";

describe("durationMs", () => {
  it.each<[number | string, number]>([
    [0, 0],
    [1500, 1500],
    ["0s", 0],
    ["500ms", 500],
    ["1s", 1000],
    ["1m", 60_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
    ["2w", 1_209_600_000],
    ["1h 30m", 5_400_000],
    ["1h30m5s", 5_405_000],
    ["  10s  ", 10_000],
    ["1.5s", 1500],
    ["2 d", 172_800_000],
    ["30m 1h", 5_400_000],
  ])("reads %p as %p", (duration, ms) => {
    expect(durationMs(duration, "It")).toBe(ms);
  });

  it.each<[number | string, number]>([
    [10.4, 10],
    ["1.001s", 1001],
    ["0.4ms", 0],
  ])("rounds %p to whole milliseconds", (duration, ms) => {
    expect(durationMs(duration, "It")).toBe(ms);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])("refuses the number %p", (duration) => {
    expect(() => durationMs(duration, "The timeout")).toThrow(
      `The timeout is ${duration}: give finite milliseconds of 0 or more.`,
    );
  });

  it.each(["", " ", "1", "s", "1 second", "-1s", "1s-", "1e3s", "1,5s", "∞", "1S", ".5s"])(
    "refuses the text %p",
    (text) => {
      expect(() => durationMs(text, "The timeout")).toThrow(
        `The timeout is '${text.trim()}': give milliseconds or text such as "30s", "1h 30m" or "90d".`,
      );
    },
  );

  it.each([[null], [undefined], [{}], [true]])("refuses %p", (value) => {
    expect(() => durationMs(value as never, "The timeout")).toThrow(`The timeout is '${String(value)}'`);
  });

  it("is not slow on hostile text", () => {
    expect(() => durationMs(`${"1s ".repeat(20_000)}x`, "It")).toThrow();
    expect(() => durationMs(`${"1".repeat(50_000)}x`, "It")).toThrow();
  });
});

describe("momentMs", () => {
  it("takes a date as it is and counts a duration from now", () => {
    expect(momentMs(new Date(5), 1000, "It")).toBe(5);
    expect(momentMs("1s", 1000, "It")).toBe(2000);
  });

  it.each([
    ["an invalid date", new Date(Number.NaN)],
    ["a moment beyond all dates", 8.64e15],
  ])("refuses %s", (_what, when) => {
    expect(() => momentMs(when, 1000, "The timer")).toThrow(
      "The timer is not a valid date: give a valid Date, a duration, { at } with a time, or { at, timeZone }.",
    );
  });
});
