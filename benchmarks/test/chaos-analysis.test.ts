import type { Course, Fault } from "../chaos/analysis";
import { longestStallMs, recoveries } from "../chaos/analysis";

/** @param executions Pairs of a time and a worker. */
function course(
  createdAt: number,
  completedAt: number,
  ...executions: (readonly [number, string])[]
): Course {
  return {
    createdAt,
    completedAt,
    executions: executions.map(([at, workerId], n) => ({ at, workerId, instanceId: "i", key: `${n}` })),
  };
}

describe("recoveries", () => {
  const fault: Fault = { workerId: "w1", at: 100, until: 200 };

  it("are orchestrations that go on with another worker", () => {
    const courses = [course(0, 500, [50, "w1"], [90, "w1"], [160, "w2"], [300, "w3"])];

    expect(recoveries(courses, [fault])).toEqual([{ fault, afterMs: 60 }]);
  });

  it.each([
    ["was with another worker", course(0, 500, [50, "w1"], [90, "w2"], [160, "w3"])],
    ["went on with the same", course(0, 500, [90, "w1"], [210, "w1"], [300, "w2"])],
    ["had not begun", course(110, 500, [120, "w2"])],
    ["had ended", course(0, 95, [90, "w1"])],
  ])("are none of one that %s", (_, each) => {
    expect(recoveries([each], [fault])).toEqual([]);
  });

  it("are all that go on when the fault hit all", () => {
    const all: Fault = { workerId: undefined, at: 100, until: 200 };
    const courses = [course(0, 500, [90, "w1"], [210, "w1"]), course(0, 500, [90, "w2"], [220, "w1"])];

    expect(recoveries(courses, [all]).map(({ afterMs }) => afterMs)).toEqual([110, 120]);
  });
});

describe("longestStallMs", () => {
  it("is the longest time without an execution, from the start to the end of one orchestration", () => {
    expect(longestStallMs([course(0, 40, [30, "w"]), course(100, 200, [110, "w"], [160, "w"])])).toBe(50);
    expect(longestStallMs([course(0, 70)])).toBe(70);
    expect(longestStallMs([])).toBe(0);
  });
});
