import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ExecutionLog, readExecutions } from "../crash/execution-log";

describe("ExecutionLog", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "perdure-log-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is read back, the notes of all workers together, in order of time", () => {
    const [first, second] = [new ExecutionLog(folder, "w1"), new ExecutionLog(folder, "w2")];
    first.append({ instanceId: "i", key: "a" });
    second.append({ instanceId: "i", key: "b", timerDueAt: 5 });
    first.append({ instanceId: "i", key: "c" });
    writeFileSync(path.join(folder, "w1.log"), "not for us");

    const executions = readExecutions(folder);

    expect(new Set(executions.map(({ workerId, key }) => `${workerId} ${key}`))).toEqual(
      new Set(["w1 a", "w2 b", "w1 c"]),
    );
    expect(executions.map(({ at }) => at)).toEqual(executions.map(({ at }) => at).sort((a, b) => a - b));
    expect(executions.find(({ key }) => key === "b")?.timerDueAt).toBe(5);
  });
});
