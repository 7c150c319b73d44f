import type { Clock } from "./clock";

/** A condition others wait for: they look, wait here, and look again. */
export class Wakeups {
  readonly #waiters = new Set<() => void>();

  notify(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /** Resolves at the next `notify`, when the clock reaches `alarm.at`, or when one of the signals aborts. */
  wait(
    signals: readonly AbortSignal[],
    alarm?: { readonly clock: Clock; readonly at: number },
  ): Promise<void> {
    if (signals.some((signal) => signal.aborted)) return Promise.resolve();
    return new Promise((resolve) => {
      const awake = alarm && new AbortController();
      const wake = (): void => {
        this.#waiters.delete(wake);
        for (const signal of signals) signal.removeEventListener("abort", wake);
        awake?.abort("awake"); // a reason of one's own saves the making of an error
        resolve();
      };
      this.#waiters.add(wake);
      for (const signal of signals) signal.addEventListener("abort", wake);
      if (alarm && awake) void alarm.clock.sleep(alarm.at - alarm.clock.now(), awake.signal).then(wake);
    });
  }
}
