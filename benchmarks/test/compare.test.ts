import { compare, differences, missing } from "../src/compare";
import { measured, results } from "./support";

describe("compare", () => {
  const before = results([measured("W1", "one at a time", { orchestrationsPerSecond: 1000, p50Ms: 2 })]);

  it.each([
    [{ orchestrationsPerSecond: 800, p50Ms: 2.5 }, ["same", "same"]],
    [{ orchestrationsPerSecond: 700, p50Ms: 3 }, ["worse", "worse"]],
    [{ orchestrationsPerSecond: 2000, p50Ms: 1 }, ["better", "better"]],
  ])("judges %j by which way is better: %j", (figures, verdicts) => {
    const now = results([measured("W1", "one at a time", figures)]);

    expect(compare(before, now, 1.3).map(({ verdict }) => verdict)).toEqual(verdicts);
  });

  it("tells the ratio of now to before", () => {
    const now = results([measured("W1", "one at a time", { orchestrationsPerSecond: 500 })]);

    expect(compare(before, now, 1.3)).toEqual([
      {
        workload: "W1",
        name: "one at a time",
        figure: "orchestrationsPerSecond",
        before: 1000,
        now: 500,
        ratio: 0.5,
        verdict: "worse",
      },
    ]);
  });

  it("passes over differences that are noise, whatever their ratio", () => {
    const idle = (cpuPercent: number): ReturnType<typeof results> =>
      results([measured("W5", "0 asleep", { cpuPercent })]);

    expect(compare(idle(0.01), idle(0.1), 1.3).map(({ verdict }) => verdict)).toEqual(["same"]);
    expect(compare(idle(0.1), idle(0.5), 1.3).map(({ verdict }) => verdict)).toEqual(["worse"]);
  });

  it("sees the first early timer", () => {
    const timers = (early: number): ReturnType<typeof results> =>
      results([measured("W3", "10,000 over 20 s", { early })]);

    expect(compare(timers(0), timers(0), 1.3)).toMatchObject([{ ratio: 1, verdict: "same" }]);
    expect(compare(timers(0), timers(1), 1.3)).toMatchObject([{ verdict: "worse" }]);
  });

  it("leaves out what only one of them has, and what is neither good nor bad", () => {
    const now = results([
      measured("W1", "one at a time", { p99Ms: 5 }),
      measured("W6", "10,000 events", { eventsPerSecond: 5 }),
    ]);
    const raw = results([measured("raw", "event-loop turn", { turnUs: 5 })]);

    expect(compare(before, now, 1.3)).toEqual([]);
    expect(compare(raw, raw, 1.3)).toEqual([]);
  });
});

describe("missing", () => {
  const before = results([
    measured("W1", "one at a time", { p50Ms: 2 }),
    measured("W2", "1,000 activities", { seconds: 1 }),
  ]);

  it("names cases that failed this time", () => {
    expect(missing(before, results([measured("W1", "one at a time", {})]))).toEqual(["W1, one at a time"]);
  });

  it("does not name workloads that were not asked for", () => {
    expect(missing(before, results([measured("W1", "one at a time", { p50Ms: 3 })]))).toEqual([]);
  });
});

describe("differences", () => {
  it("tells of other circumstances", () => {
    const relaxed = results([], { durability: "relaxed" });

    expect(differences(results([]), relaxed)).toEqual([
      "durability: relaxed, before commits resolve when fsynced",
    ]);
    expect(differences(relaxed, relaxed)).toEqual([]);
  });
});
