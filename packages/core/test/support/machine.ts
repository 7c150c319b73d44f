import type { TimeSources } from "../../src/steady-clock";

interface Wait {
  readonly at: number;
  readonly wake: () => void;
}

/** A machine whose clocks a test moves. */
export class Machine implements TimeSources {
  /** True time, milliseconds since the epoch. */
  time = Date.UTC(2030, 0, 1);
  /** How far the wall clock is wrong. */
  errorMs = 0;
  /** How much faster than true time the steady clock runs, in parts of it. */
  drift = 0;
  /** How often `uptime` was asked for. */
  looks = 0;
  #steady = 12_345.25;
  #uptime = 9_876_543;
  readonly #waits = new Set<Wait>();

  wall(): number {
    return Math.floor(this.time + this.errorMs);
  }

  steady(): number {
    return this.#steady;
  }

  uptime(): number {
    this.looks++;
    return Math.floor(this.#uptime / 1000) * 1000;
  }

  wait(delayMs: number, wake: () => void): () => void {
    const wait = { at: this.#steady + delayMs, wake };
    this.#waits.add(wait);
    return () => this.#waits.delete(wait);
  }

  get waits(): number {
    return this.#waits.size;
  }

  /** Time passes, and what waits for it is woken. */
  async run(ms: number): Promise<void> {
    const end = this.#steady + ms;
    for (;;) {
      await Promise.resolve();
      const [next] = [...this.#waits].sort((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      this.pass(Math.max(0, next.at - this.#steady));
      this.#waits.delete(next);
      next.wake();
    }
    this.pass(end - this.#steady);
  }

  /** The machine sleeps: nothing runs, its steady clock stands still. */
  suspend(ms: number): void {
    this.time += ms;
    this.#uptime += ms;
  }

  private pass(ms: number): void {
    this.#steady += ms;
    this.#uptime += ms;
    this.time += ms / (1 + this.drift);
  }
}
