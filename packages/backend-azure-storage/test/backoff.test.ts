import { VirtualClock } from "@perdure/core";
import { PollBackoff } from "../src/backoff";

/** How long the next pause takes, in milliseconds. */
async function pauseOf(backoff: PollBackoff, clock: VirtualClock): Promise<number> {
  const before = clock.now();
  const paused = backoff.pause(new AbortController().signal);
  clock.wakeNext();
  await paused;
  return clock.now() - before;
}

function setUp(): { clock: VirtualClock; backoff: PollBackoff } {
  const clock = new VirtualClock();
  return { clock, backoff: new PollBackoff(clock, 60_000) };
}

describe("the pause before the next look at a queue", () => {
  it("is about 50 ms when it just had something", async () => {
    const { clock, backoff } = setUp();

    backoff.received();

    expect(Math.abs((await pauseOf(backoff, clock)) - 50)).toBeLessThanOrEqual(5);
  });

  it("is about a tenth of the time since, and no longer than the longest", async () => {
    const { clock, backoff } = setUp();

    clock.jumpTo(clock.now() + 60_000);
    expect(Math.abs((await pauseOf(backoff, clock)) - 6000)).toBeLessThanOrEqual(600);

    clock.jumpTo(clock.now() + 86_400_000);
    expect(await pauseOf(backoff, clock)).toBe(60_000);
  });

  it("is about 250 ms while the process works on what the queue need not bring", async () => {
    const { clock, backoff } = setUp();
    clock.jumpTo(clock.now() + 3_600_000);

    backoff.active();

    expect(Math.abs((await pauseOf(backoff, clock)) - 250)).toBeLessThanOrEqual(25);
  });

  it("that is interrupted goes on where it was", async () => {
    const { clock, backoff } = setUp();
    const before = clock.now();
    clock.jumpTo(before + 900_000);
    const interruption = new AbortController();
    const paused = backoff.pause(interruption.signal);
    clock.jumpTo(before + 930_000);
    interruption.abort();
    await paused;

    await pauseOf(backoff, clock);

    expect(clock.now()).toBe(before + 960_000);
  });

  it("ends when woken", async () => {
    const { clock, backoff } = setUp();
    clock.jumpTo(clock.now() + 3_600_000);
    const before = clock.now();
    const paused = backoff.pause(new AbortController().signal);

    backoff.wake();
    await paused;

    expect(clock.now()).toBe(before);
  });
});
