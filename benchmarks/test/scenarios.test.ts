/** The crash test is only as good as what it expects: without a crash, every scenario must do just that. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { MemoryBackend } from "@perdure/backend-memory";
import { Client, Worker, silentLogger } from "perdure";
import { analyse, executionFaults } from "../crash/analysis";
import { checkRun, hubFaults, purgeFaults, runFaults } from "../crash/checks";
import { ExecutionLog, readExecutions } from "../crash/execution-log";
import { Random } from "../crash/random";
import { ORCHESTRATIONS, planRun, tookOutOfOrder } from "../crash/scenarios";
import type { Run } from "../crash/scenarios";
import { defineWork } from "../crash/work";

/** As many as there are scenarios. */
const RUNS = 8;

describe("scenarios", () => {
  it("end as planned when nothing dies", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "perdure-scenarios-"));
    const backend = new MemoryBackend();
    const activities = [defineWork(new ExecutionLog(folder, "w"))];
    const worker = new Worker(backend, { orchestrations: ORCHESTRATIONS, activities, logger: silentLogger });
    const client = new Client(backend);
    const random = new Random(3);
    const runs = Array.from({ length: RUNS }, (_, number) => planRun(number, random));
    const { signal } = new AbortController();

    await worker.start();
    await Promise.all(
      runs.map(async (run) => {
        const instance = await client.startNew(run.name, run.input, { instanceId: run.instanceId });
        await run.drive?.(instance, signal);
        await instance.waitForCompletion();
      }),
    );
    await worker.stop();

    const checked = await Promise.all(runs.map((run) => checkRun(client, run)));
    expect(checked.flatMap(({ faults }) => faults)).toEqual([]);
    const executions = readExecutions(folder);
    const expected = runs.flatMap(({ keys }) => keys);
    expect(executionFaults(executions, expected)).toEqual([]);
    expect(analyse(executions, [])).toMatchObject({ calls: expected.length, repeats: 0 });
    expect(await hubFaults(client, runs)).toEqual([]);
    expect(await purgeFaults(client)).toEqual([]);
    await backend.stop();
    rmSync(folder, { recursive: true });
  });

  it("are the same for the same seed", () => {
    const plan = (seed: number): Run[] => {
      const random = new Random(seed);
      return Array.from({ length: RUNS }, (_, number) => planRun(number, random));
    };
    const inputs = (runs: readonly Run[]): unknown[] => runs.map(({ input }) => input);

    expect(inputs(plan(5))).toEqual(inputs(plan(5)));
    expect(inputs(plan(5))).not.toEqual(inputs(plan(6)));
  });
});

describe("runFaults", () => {
  const run: Run = {
    instanceId: "r",
    name: "o",
    input: 1,
    keys: [],
    children: 0,
    expected: { taken: [0, 1] },
  };
  const at = new Date(0);
  const snapshot = { instanceId: "r", executionId: "e", name: "o", createdAt: at, lastUpdatedAt: at };

  it("finds an instance that is missing, has not ended or ended with another result", () => {
    expect(runFaults(run, undefined)).toEqual(["there is no such instance"]);
    expect(runFaults(run, { ...snapshot, status: "Running" })).toHaveLength(1);
    expect(runFaults(run, { ...snapshot, status: "Completed", output: { taken: [1, 0] } })).toHaveLength(1);
  });

  it("finds nothing wrong with the expected result", () => {
    expect(runFaults(run, { ...snapshot, status: "Completed", output: { taken: [0, 1] } })).toEqual([]);
  });
});

describe("tookOutOfOrder", () => {
  it("looks at the events an orchestration says it has taken", () => {
    expect(tookOutOfOrder({ taken: [0, 1, 2] })).toBe(false);
    expect(tookOutOfOrder({ taken: [1, 0] })).toBe(true);
    expect(tookOutOfOrder(undefined)).toBe(false);
  });
});
