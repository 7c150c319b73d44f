import { uptime } from "node:os"; // eslint-disable-line no-restricted-imports -- where time comes into core
import { SteadyClock } from "./steady-clock";

/** The clock of this machine. A step of it is believed once it has stood for ten minutes. */
export const systemClock: SteadyClock = new SteadyClock({
  wall: () => Date.now(),
  steady: () => performance.now(), // CLOCK_MONOTONIC: stands still while Linux is suspended
  uptime: uptimeMs,
  wait: (delayMs, wake) => {
    if (delayMs <= 0) {
      const soon = setImmediate(wake);
      return () => clearImmediate(soon);
    }
    const timer = setTimeout(wake, delayMs);
    return () => clearTimeout(timer);
  },
});

function uptimeMs(): number {
  try {
    return uptime() * 1000; // CLOCK_BOOTTIME
  } catch {
    return Number.NaN; // some sandboxes forbid it
  }
}
