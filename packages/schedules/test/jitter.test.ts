import { jitterOf } from "../src";

const MINUTE = 60_000;

describe("jitterOf", () => {
  it("is the same for the same tick of the same schedule", () => {
    expect(jitterOf("nightly", 1_800_000_000_000, MINUTE)).toBe(
      jitterOf("nightly", 1_800_000_000_000, MINUTE),
    );
  });

  it("never changes from one version to the next", () => {
    expect(jitterOf("nightly", 1_800_000_000_000, MINUTE)).toBe(59_757);
  });

  it("differs between ticks, and between schedules", () => {
    const ticks = Array.from({ length: 20 }, (_, index) => index * MINUTE);

    expect(new Set(ticks.map((tick) => jitterOf("nightly", tick, MINUTE))).size).toBeGreaterThan(15);
    expect(new Set(ticks.map((tick) => jitterOf(`schedule-${tick}`, 0, MINUTE))).size).toBeGreaterThan(15);
  });

  it("takes each of the whole milliseconds from 0 to its bound", () => {
    const found = Array.from({ length: 1000 }, (_, tick) => jitterOf("nightly", tick, 3));

    for (const jitter of [0, 1, 2, 3]) {
      const share = found.filter((item) => item === jitter).length;
      expect(share).toBeGreaterThan(200);
      expect(share).toBeLessThan(300);
    }
    expect(new Set(found)).toEqual(new Set([0, 1, 2, 3]));
  });

  it("is 0 without jitter", () => {
    expect(jitterOf("nightly", 5, 0)).toBe(0);
  });
});
