import { Decisions } from "../src/orchestration/decisions";

describe("Decisions", () => {
  it("are numbered from 0 and handed over once", () => {
    const decisions = new Decisions();
    decisions.add(() => ({ type: "TaskScheduled", name: "a" }), 7);
    decisions.add((id) => ({ type: "TaskScheduled", name: `b${id}` }), 8);

    expect(decisions.take()).toEqual([
      { type: "TaskScheduled", name: "a", eventId: 0, timestamp: 7 },
      { type: "TaskScheduled", name: "b1", eventId: 1, timestamp: 8 },
    ]);
    expect(decisions.take()).toEqual([]);
  });

  it("may be confirmed in any order", () => {
    const decisions = new Decisions();
    for (const name of ["a", "b"]) decisions.add(() => ({ type: "TaskScheduled", name }), 0);

    expect(decisions.confirm({ type: "TaskScheduled", name: "b", eventId: 1, timestamp: 0 })).toBeUndefined();
    expect(decisions.unrecorded()).toMatchObject({ actual: "TaskScheduled 'a' as decision #0" });
    expect(decisions.confirm({ type: "TaskScheduled", name: "a", eventId: 0, timestamp: 0 })).toBeUndefined();
    expect(decisions.unrecorded()).toBeUndefined();
  });

  it("have an end at 100,000 in one turn", () => {
    const decisions = new Decisions();
    const decide = (): number => decisions.add(() => ({ type: "TaskScheduled", name: "a" }), 0);
    for (let i = 0; i < 100_000; i++) decide();

    expect(decide).toThrow("The orchestration made 100000 decisions in one turn without waiting");
    expect(decisions.take()).toHaveLength(100_000);
    expect(decide()).toBe(100_000);
  });
});
