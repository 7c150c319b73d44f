import { tmpdir } from "node:os";
import type { Setting } from "../src/setting";
import { WORKLOADS } from "../src/workloads";

const setting: Setting = { backend: "memory", quick: true, relaxed: false, directory: tmpdir() };

describe("workloads", () => {
  const cases = WORKLOADS.flatMap((workload) =>
    workload.cases(setting).map((each) => ({ id: workload.id, name: each.name, run: () => each.run() })),
  );
  const inNoTime = cases.filter(({ id, name }) => !["W3", "W5"].includes(id) && name !== "1000 in flight");

  it.each(inNoTime)("$id, $name: gives right results, and figures", async ({ run }) => {
    const { figures } = await run();

    expect(Object.values(figures).length).toBeGreaterThan(0);
    expect(Object.values(figures).filter((value) => !Number.isFinite(value))).toEqual([]);
  });

  it("have names of their own", () => {
    const names = cases.map(({ id, name }) => `${id}, ${name}`);

    expect(new Set(names).size).toBe(names.length);
  });
});
