import type { Clock } from "./clock";

/** `setTimeout` overflows past 2^31 ms and does not notice that the machine slept: look again each minute. */
const LONGEST_NAP_MS = 60_000;

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted || delayMs <= 0) {
        if (signal?.aborted) resolve();
        else setImmediate(resolve);
        return;
      }
      const until = Date.now() + delayMs;
      const untilMonotonic = performance.now() + delayMs; // a clock set back must not prolong the sleep
      let timer: NodeJS.Timeout;
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const nap = (): void => {
        const left = Math.min(until - Date.now(), untilMonotonic - performance.now());
        if (left <= 0) done();
        else timer = setTimeout(nap, Math.min(left, LONGEST_NAP_MS));
      };
      signal?.addEventListener("abort", done, { once: true });
      nap();
    }),
};
