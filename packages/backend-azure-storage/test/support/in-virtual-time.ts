import type { VirtualClock } from "@perdure/core";

/** Something that happens on a clock which moves only while a test waits for it. */
export abstract class InVirtualTime {
  constructor(readonly clock: VirtualClock) {}

  /** Lets time pass as fast as it can, until `done` or until `limitMs` of it have. */
  async until(done: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.clock.now() + limitMs;
    for (;;) {
      await settle();
      if (done()) return true;
      if (this.clock.now() >= end || !this.clock.wakeNext(end)) return done();
    }
  }

  /** Resolves with what `promise` does, while time passes. */
  async run<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    if (!(await this.until(() => settled, limitMs)))
      throw new Error(`Nothing came of it within ${limitMs / 1000} s of virtual time.`);
    return promise;
  }

  async pass(ms: number): Promise<void> {
    await this.run(this.clock.sleep(ms), Number.POSITIVE_INFINITY);
  }
}

/** Everything that can happen without time passing has happened. */
async function settle(): Promise<void> {
  for (let lap = 0; lap < 4; lap++) await new Promise((resolve) => setImmediate(resolve));
}
