import type { Settings } from "./settings";

/** Timers are hidden this long past their time: their owner fires them from memory first. */
const SLACK_SECONDS = 2;

/**
 * How many whole seconds to hide a message that is due in `delayMs`: until then, or for one chunk when that is longer
 * than a queue hides.
 */
export function hideSeconds(delayMs: number, settings: Pick<Settings, "maxHideMs" | "chunkMs">): number {
  if (delayMs > settings.maxHideMs) return Math.ceil(settings.chunkMs / 1000);
  return Math.ceil(Math.max(0, delayMs) / 1000) + SLACK_SECONDS;
}
