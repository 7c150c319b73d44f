import { SteadyClock } from "@perdure/core";
import type { TimeSources, VirtualClock } from "@perdure/core";

/** A machine whose clock is not that of the others. Virtual time is the truth, and what storage goes by. */
export class WrongMachine implements TimeSources {
  /** How far its wall clock is ahead. */
  errorMs: number;
  /** How much faster than the truth its clocks run, in parts of it. */
  drift = 0;
  readonly clock: SteadyClock;
  readonly #since: number;
  #stoodStillMs = 0;

  constructor(
    private readonly time: VirtualClock,
    errorMs = 0,
  ) {
    this.errorMs = errorMs;
    this.#since = time.now();
    this.clock = new SteadyClock(this);
  }

  wall(): number {
    return Math.floor(this.#since + this.uptime() + this.errorMs);
  }

  steady(): number {
    return this.uptime();
  }

  uptime(): number {
    return (this.time.now() - this.#since) * (1 + this.drift) - this.#stoodStillMs;
  }

  wait(delayMs: number, wake: () => void): () => void {
    const cancelled = new AbortController();
    void this.time.sleep(Math.ceil(delayMs), cancelled.signal).then(() => {
      if (!cancelled.signal.aborted) wake();
    });
    return () => cancelled.abort();
  }

  /** None of its clocks sees this time: it is a virtual machine, and its host has paused it. */
  standStill(ms: number): void {
    this.#stoodStillMs += ms;
    this.time.jumpTo(this.time.now() + ms);
  }
}
