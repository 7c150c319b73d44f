import { VirtualClock } from "@perdure/core";
import { PausableClock } from "../src";

describe("PausableClock", () => {
  let time: VirtualClock;
  let clock: PausableClock;
  let woken: number;

  beforeEach(() => {
    time = new VirtualClock();
    clock = new PausableClock(time);
    woken = 0;
  });

  async function settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  }

  it("sleeps as its clock does", async () => {
    void clock.sleep(10).then(() => woken++);
    await settle();
    expect(woken).toBe(0);

    time.wakeNext();

    await settle();
    expect(woken).toBe(1);
    expect(clock.now()).toBe(time.now());
  });

  it("wakes nobody once it is paused, except by signal", async () => {
    const stop = new AbortController();
    void clock.sleep(10).then(() => woken++);
    void clock.sleep(10, stop.signal).then(() => woken++);
    clock.pause();

    while (time.wakeNext()) await settle();

    expect(woken).toBe(0);
    stop.abort();
    await settle();
    expect(woken).toBe(1);
  });
});
