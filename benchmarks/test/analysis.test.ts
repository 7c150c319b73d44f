import { analyse, executionFaults } from "../crash/analysis";
import type { Execution } from "../crash/execution-log";

function execution(at: number, workerId: string, key: string, timerDueAt?: number): Execution {
  return { at, workerId, instanceId: "i", key, ...(timerDueAt === undefined ? {} : { timerDueAt }) };
}

describe("analyse", () => {
  it("counts executions, calls and repeats", () => {
    const executions = [execution(1, "w1", "a"), execution(2, "w1", "b"), execution(9, "w2", "a")];

    expect(analyse(executions, [])).toMatchObject({ executions: 3, calls: 2, repeats: 1 });
  });

  it("measures recovery from the kill of the worker before to the repeat", () => {
    const executions = [execution(100, "w1", "a"), execution(3150, "w2", "a"), execution(7000, "w3", "a")];
    const kills = [
      { workerId: "w1", at: 150 },
      { workerId: "w2", at: 4000 },
    ];

    expect(analyse(executions, kills)).toMatchObject({
      recoveriesMs: [3000, 3000],
      repeatsAfterLivingWorker: 0,
    });
  });

  it("tells repeats apart that no kill explains", () => {
    const executions = [execution(100, "w1", "a"), execution(200, "w2", "a")];
    const kills = [{ workerId: "w1", at: 250 }];

    expect(analyse(executions, kills)).toMatchObject({ recoveriesMs: [], repeatsAfterLivingWorker: 1 });
  });

  it("measures lateness of timers by the first execution after each", () => {
    const executions = [
      execution(1010, "w1", "a", 1000),
      execution(5000, "w2", "a", 1000),
      execution(3, "w1", "b"),
    ];

    expect(analyse(executions, []).timerLatenessMs).toEqual([10]);
  });
});

describe("executionFaults", () => {
  it("finds calls that were never executed, unknown ones, and timers that fired early", () => {
    const executions = [
      execution(1, "w1", "a"),
      execution(999, "w1", "late", 1000),
      execution(5, "w1", "stray"),
    ];

    expect(executionFaults(executions, ["a", "missing", "late"])).toEqual([
      "The activity missing was never executed.",
      "The activity stray was executed; nothing calls it.",
      "The activity late ran 1 ms before its timer was due.",
    ]);
  });

  it("finds nothing wrong with repeats", () => {
    expect(executionFaults([execution(1, "w1", "a"), execution(2, "w2", "a")], ["a"])).toEqual([]);
  });
});
