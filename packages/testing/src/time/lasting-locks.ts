import type { Clock } from "@perdure/core";
import type { ProcessClock } from "./process-clock";

/** How long the locks of a test hub last: for ever, as far as tests go. A worker that dies gives them back. */
export const LOCK_MS = 3 * 10_000 * 365 * 86_400_000;

/** The clock for storage: it never wakes anyone for the sake of such a lock, which would be nothing but work. */
export function withoutLockTimers(clock: ProcessClock): Clock {
  return {
    now: () => clock.now(),
    sleep: (delayMs, signal) =>
      delayMs < LOCK_MS / 3
        ? clock.sleep(delayMs, signal)
        : new Promise((resolve) => {
            if (signal?.aborted) resolve();
            else signal?.addEventListener("abort", () => resolve(), { once: true });
          }),
  };
}
