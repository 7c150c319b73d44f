import { judge } from "../src/aims";
import { measured, results } from "./support";

const commits = "LMDB commits of one record";

describe("judge", () => {
  it("holds a figure beside its aim", () => {
    const cases = [
      measured("W1", "100 in flight", { orchestrationsPerSecond: 2500 }),
      measured("W2", "10,000 activities", { seconds: 1.6 }),
    ];

    expect(judge(results(cases))).toEqual([
      {
        workload: "W1",
        what: "100 in flight: throughput",
        aim: "≥ 2,500/s",
        measured: "2,500/s",
        met: true,
      },
      { workload: "W2", what: "10,000 activities: all done", aim: "≤ 1.5 s", measured: "1.6 s", met: false },
    ]);
  });

  it("counts a latency in the raw commits of the same run", () => {
    const cases = [
      measured("raw", commits, { p50Ms: 0.5 }, { p50Ms: 1 }, { p50Ms: 0.25 }),
      measured("W1", "one at a time", { p50Ms: 1.5 }, { p50Ms: 5 }, { p50Ms: 1 }),
    ];

    expect(judge(results(cases)).map(({ measured: value, met }) => [value, met])).toEqual([
      ["1.5 ms", true],
      ["4 commits", true],
    ]);
  });

  it.each([
    [4000, true],
    [5000, false],
  ])("calls 400 ms for 1,000 and %d ms for 10,000 steps linear: %p", (ms, met) => {
    const cases = [
      measured("W4", "1,000 steps", { seconds: 0.4 }),
      measured("W4", "10,000 steps", { seconds: ms / 1000 }),
    ];

    expect(judge(results(cases))).toMatchObject([{ met }]);
  });

  it("takes what sleepers add to the heap of an empty hub", () => {
    const heap = (heapMB: number): readonly boolean[] =>
      judge(
        results([measured("W5", "0 asleep", { heapMB: 20 }), measured("W5", "100,000 asleep", { heapMB })]),
      ).map(({ met }) => met);

    expect(heap(20.5)).toEqual([true]);
    expect(heap(60)).toEqual([false]);
  });

  it("says nothing of what was not measured, nor of other backends", () => {
    const cases = [measured("W6", "10,000 events", { eventsPerSecond: 9000 })];

    expect(judge(results([]))).toEqual([]);
    expect(judge(results(cases, { backend: "memory" }))).toEqual([]);
  });
});
