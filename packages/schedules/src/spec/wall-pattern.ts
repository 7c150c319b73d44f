/** Which wall-clock times match: what cron lines and calendars have in common. Each field in the syntax of cron. */
export interface WallPattern {
  readonly second: string;
  readonly minute: string;
  readonly hour: string;
  readonly dayOfMonth: string;
  readonly month: string;
  readonly dayOfWeek: string;
  readonly year: string;
  /** Which of day of month and day of week must match when neither is `*`. */
  readonly days: "both" | "either";
}

/** Whether the hour is left open, so that the pattern goes by elapsed time where clocks change. */
export function isElapsedTime(pattern: WallPattern): boolean {
  return /^[*?](\/\d+)?$/.test(pattern.hour);
}
