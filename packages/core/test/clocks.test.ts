import { VirtualClock } from "../src";

describe("VirtualClock", () => {
  it("stands still until told", () => {
    const clock = new VirtualClock(1000);

    expect([clock.now(), clock.now(), clock.nextDue]).toEqual([1000, 1000, undefined]);
  });

  it("wakes sleepers one by one, by time and then by age", async () => {
    const clock = new VirtualClock(0);
    const woken: [string, number][] = [];
    const sleep = (name: string, ms: number): Promise<void> =>
      clock.sleep(ms).then(() => {
        woken.push([name, clock.now()]);
      });
    const all = [sleep("b", 20), sleep("a", 10), sleep("b2", 20)];

    expect(clock.nextDue).toBe(10);
    while (clock.wakeNext()) await Promise.resolve().then(() => undefined);
    await Promise.all(all);

    expect(woken).toEqual([
      ["a", 10],
      ["b", 20],
      ["b2", 20],
    ]);
  });

  it("does not go beyond the time it was given", () => {
    const clock = new VirtualClock(0);
    void clock.sleep(10);

    expect(clock.wakeNext(9)).toBe(false);
    expect(clock.now()).toBe(0);
    expect(clock.wakeNext(10)).toBe(true);
    expect(clock.now()).toBe(10);
    expect(clock.wakeNext()).toBe(false);
  });

  it("ends a sleep when the signal aborts, and keeps no listener", async () => {
    const clock = new VirtualClock(0);
    const abort = new AbortController();
    const sleep = clock.sleep(10, abort.signal);

    abort.abort();
    await sleep;
    await clock.sleep(10, abort.signal);

    expect(clock.nextDue).toBeUndefined();
  });

  it("wakes nobody when it jumps, and never goes back to wake", () => {
    const clock = new VirtualClock(0);
    void clock.sleep(10);

    clock.jumpTo(50);
    expect(clock.nextDue).toBe(10);
    clock.wakeNext();

    expect(clock.now()).toBe(50);
  });
});
