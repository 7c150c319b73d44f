import { median, percentile, rounded, summarise } from "../src/statistics";

describe("percentile", () => {
  it("is the smallest value that so many per cent do not exceed", () => {
    const values = [15, 20, 35, 40, 50];

    expect([5, 30, 40, 50, 100].map((percent) => percentile(values, percent))).toEqual([15, 20, 20, 35, 50]);
  });

  it("does not depend on the order of the values, nor change it", () => {
    const values = [3, 1, 2];

    expect(percentile(values, 50)).toBe(2);
    expect(values).toEqual([3, 1, 2]);
  });

  it("compares numbers, not texts", () => {
    expect(percentile([9, 10, 100], 50)).toBe(10);
  });

  it("is NaN of nothing", () => {
    expect(percentile([], 50)).toBeNaN();
  });
});

describe("median", () => {
  it("is the value in the middle, or half-way between two", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 1, 5, 6])).toBe(5.5);
  });

  it("is NaN of nothing", () => {
    expect(median([])).toBeNaN();
  });
});

describe("summarise", () => {
  it("tells count, mean, median, 99th percentile and maximum", () => {
    const values = Array.from({ length: 200 }, (_, index) => index + 1);

    expect(summarise(values)).toEqual({ count: 200, mean: 100.5, p50: 100, p99: 198, max: 200 });
  });
});

describe("rounded", () => {
  it("keeps the digits that mean something", () => {
    const values = [0, 0.346, 3, 4.24, 180.4, 12_345.6, Number.NaN];

    expect(values.map(rounded)).toEqual(["0", "0.35", "3", "4.2", "180", "12,346", "-"]);
  });
});
