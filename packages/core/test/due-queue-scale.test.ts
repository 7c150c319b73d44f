/** The index of due times that each process keeps, at full scale. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { VirtualClock } from "../src/virtual-clock";
import { DueQueue } from "../src/due-queue";

const MILLION = 1_000_000;

/** Whole numbers without an order, each once: the multiplier has no factor in common with the number of items. */
function dueAt(item: number): number {
  return (item * 611_953) % MILLION;
}

function bytesInUse(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

describe("DueQueue", () => {
  it("T2: holds a million due times in less than 500 bytes each, and gives them in order", () => {
    const queue = new DueQueue<number>();
    const before = bytesInUse();
    const startedAt = performance.now();
    for (let item = 0; item < MILLION; item++) queue.set(item, dueAt(item));
    const insertMs = performance.now() - startedAt;
    const bytesEach = (bytesInUse() - before) / MILLION;

    let inOrder = 0;
    for (let time = 0; time < MILLION; time++) {
      const item = queue.take(time);
      if (item !== undefined && dueAt(item) === time) inOrder++;
    }

    expect(inOrder).toBe(MILLION);
    expect(queue.take(MILLION)).toBeUndefined();
    expect(bytesEach).toBeLessThan(500);
    expect(MILLION / (insertMs / 1000)).toBeGreaterThan(100_000); // a second
  }, 60_000);

  it("I1: has one sleeper for a thousand due times", async () => {
    const clock = new VirtualClock();
    const queue = new DueQueue<number>();
    let sleepers = 0;
    const counting = {
      now: () => clock.now(),
      sleep: async (ms: number, signal?: AbortSignal) => {
        sleepers++;
        await clock.sleep(ms, signal);
        sleepers--;
      },
    };
    for (let item = 0; item < 1000; item++) queue.set(item, clock.now() + 1000 - item);
    const fired: number[] = [];

    while (fired.length < 1000) {
      const waiting = queue.wait(counting);
      expect(sleepers).toBe(1);
      clock.wakeNext();
      await waiting;
      for (let item = queue.take(clock.now()); item !== undefined; item = queue.take(clock.now()))
        fired.push(item);
    }

    expect(fired).toEqual(Array.from({ length: 1000 }, (_, index) => 999 - index));
  });
});
