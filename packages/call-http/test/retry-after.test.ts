import { httpDateMs, retryAfterMs } from "../src/retry-after";

const NOW = Date.UTC(2030, 0, 1, 12);
const DAY = 86_400_000;

describe("retryAfterMs", () => {
  it.each<[string, string | undefined, number | undefined]>([
    ["nothing", undefined, undefined],
    ["seconds", "7", 7000],
    ["no seconds", "0", 0],
    ["part of a second", "0.25", 250],
    ["space around it", " 3 ", 3000],
    ["a negative number", "-5", 0],
    ["a day", "86400", DAY],
    ["more than a day", "86401", DAY],
    ["more than any timer", "99999999999999999999999999", DAY],
    ["words", "soon", undefined],
    ["two values", "5, 10", undefined],
    ["an empty text", "", undefined],
    ["a date", "Tue, 01 Jan 2030 12:00:30 GMT", 30_000],
    ["a date that has passed", "Tue, 01 Jan 2030 11:00:00 GMT", 0],
    ["a date next year", "Wed, 01 Jan 2031 12:00:00 GMT", DAY],
    ["a date that is none", "Tue, 32 Jan 2030 12:00:30 GMT", undefined],
    ["a date without a zone", "2030-01-01T12:00:30", undefined],
  ])("takes %s", (_what, value, expected) => {
    const headers = { ...(value === undefined ? {} : { "retry-after": value }) };

    expect(retryAfterMs({ headers }, NOW)).toBe(expected);
  });

  it("counts a date from the answer's own, whatever time it is here", () => {
    const headers = {
      "retry-after": "Fri, 21 Nov 2025 10:00:20 GMT",
      date: "Fri, 21 Nov 2025 10:00:00 GMT",
    };

    expect(retryAfterMs({ headers }, NOW)).toBe(20_000);
  });
});

describe("httpDateMs", () => {
  it.each([
    ["as servers write it", "Sun, 06 Nov 1994 08:49:37 GMT"],
    ["as RFC 850 has it", "Sunday, 06-Nov-94 08:49:37 GMT"],
    ["as C's asctime writes it", "Sun Nov  6 08:49:37 1994"],
  ])("reads a date %s", (_what, text) => {
    expect(httpDateMs(text)).toBe(784_111_777_000);
  });

  it("takes two digits for a year from 1970 to 2069", () => {
    expect(httpDateMs("Monday, 06-Nov-69 08:49:37 GMT")).toBe(Date.UTC(2069, 10, 6, 8, 49, 37));
    expect(httpDateMs("Monday, 06-Nov-70 08:49:37 GMT")).toBe(Date.UTC(1970, 10, 6, 8, 49, 37));
  });

  it("reads no other month", () => {
    expect(httpDateMs("Sun, 06 Abc 1994 08:49:37 GMT")).toBeUndefined();
  });
});
