import type { Clock } from "./clock";
import { BackendConfigurationError } from "./errors";
import type { Logger } from "./logger";
import { SteadyClock } from "./steady-clock";
import type { ClockStep } from "./steady-clock";

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** A length of time for people, for example `1 h 5 min`; without its sign. */
export function spanText(ms: number): string {
  const whole = Math.abs(Math.round(ms));
  if (whole < 1000) return `${whole} ms`;
  const parts: string[] = [];
  let rest = whole;
  for (const [name, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count} ${name}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(" ");
}

/** Has a backend's logger tell of steps of the machine's clock, if it is that which the clock goes by. Returns how to end that. */
export function reportSteps(clock: Clock, logger: Logger): () => void {
  if (!(clock instanceof SteadyClock)) return () => undefined;
  return clock.onStep((step) => {
    const fields = { clockStep: step.state, byMs: step.byMs };
    if (step.state === "undone") logger.info(sentence(step), fields);
    else logger.warn(sentence(step), fields);
  });
}

/** @throws BackendConfigurationError when the machine's clock has not been set: timers would be due decades ago. */
export function assertClockIsSet(clock: Clock): void {
  if (!(clock instanceof SteadyClock) || clock.isSet) return;
  throw new BackendConfigurationError(
    `This machine's clock says ${new Date(clock.now()).toISOString()}: it has not been set since the machine started. Timers would fire at wrong times. Set it, or start this process after time synchronisation.`,
  );
}

function sentence({ state, byMs }: ClockStep): string {
  const span = spanText(byMs);
  switch (state) {
    case "seen":
      return `This machine's clock was set ${span} ${byMs > 0 ? "forward" : "back"}. Time goes on as before, unless that stands for ten minutes.`;
    case "believed":
      return `This machine's clock was set ${span} ${byMs > 0 ? "forward" : "back"}, and is believed now.`;
    case "undone":
      return `This machine's clock is right again: it was ${span} ${byMs > 0 ? "ahead" : "behind"} for a while, and nothing went by it.`;
  }
}
