import { VirtualClock, systemClock } from "../src";

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

describe("systemClock", () => {
  beforeEach(() => jest.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => jest.useRealTimers());

  async function isDone(sleep: Promise<void>): Promise<boolean> {
    let done = false;
    void sleep.then(() => (done = true));
    await Promise.resolve();
    return done;
  }

  it("sleeps as long as asked", async () => {
    const sleep = systemClock.sleep(90_000);

    await jest.advanceTimersByTimeAsync(89_999);
    expect(await isDone(sleep)).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(await isDone(sleep)).toBe(true);
    expect(systemClock.now()).toBe(1_090_000);
  });

  it("sleeps longer than setTimeout can", async () => {
    const sleep = systemClock.sleep(2 ** 31 + 1000);

    await jest.advanceTimersByTimeAsync(60_000);
    expect(await isDone(sleep)).toBe(false);
    await jest.advanceTimersByTimeAsync(2 ** 31 + 1000);

    expect(await isDone(sleep)).toBe(true);
  });

  it("wakes within a minute when the machine has slept", async () => {
    const sleep = systemClock.sleep(3_600_000);

    jest.setSystemTime(1_000_000 + 7_200_000);
    await jest.advanceTimersByTimeAsync(60_000);

    expect(await isDone(sleep)).toBe(true);
  });

  it("does not sleep longer because the clock was set back", async () => {
    const sleep = systemClock.sleep(10_000);

    jest.setSystemTime(1_000_000 - 3_600_000);
    await jest.advanceTimersByTimeAsync(10_000);

    expect(await isDone(sleep)).toBe(true);
  });

  it("ends when the signal aborts, leaving no timer", async () => {
    const abort = new AbortController();
    const sleep = systemClock.sleep(10_000, abort.signal);

    abort.abort();
    await sleep;
    await systemClock.sleep(10_000, abort.signal);

    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([0, -5])("lets others run for a sleep of %p", async (ms) => {
    const sleep = systemClock.sleep(ms);

    expect(await isDone(sleep)).toBe(false);
    await jest.advanceTimersByTimeAsync(0);
    expect(await isDone(sleep)).toBe(true);
  });
});
