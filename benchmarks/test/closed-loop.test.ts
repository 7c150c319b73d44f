import { closedLoop } from "../src/closed-loop";

describe("closedLoop", () => {
  it("calls the work for every number once, never more than so many at a time", async () => {
    const called: number[] = [];
    let running = 0;
    let most = 0;

    const { latenciesMs } = await closedLoop(20, 4, async (index) => {
      called.push(index);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    });

    expect(called).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(most).toBe(4);
    expect(latenciesMs).toHaveLength(20);
  });

  it("begins nothing more once the time is over", async () => {
    const { latenciesMs } = await closedLoop(10, 2, () => Promise.resolve(), 0);

    expect(latenciesMs).toEqual([]);
  });

  it("fails with the work that fails", async () => {
    const failing = closedLoop(3, 1, async (index) => {
      if (index === 1) throw new Error("no");
    });

    await expect(failing).rejects.toThrow("no");
  });
});
