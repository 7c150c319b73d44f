/** The only source of time outside history. */
export interface Clock {
  /** Whole milliseconds since the Unix epoch, UTC. Goes back only when a later time turns out to have been wrong. */
  now(): number;
  /**
   * Resolves after `delayMs`, or once `now` has been put forward by more than what is left, or at once when `signal`
   * aborts. Never rejects.
   */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Milliseconds of steady time since some moment: without steps, never back. Absent where `now` is as steady. */
  elapsed?(): number;
}

/** Milliseconds for measuring how long something took: they know no steps, and have nothing to do with the date. */
export function elapsedBy(clock: Clock): number {
  return clock.elapsed ? clock.elapsed() : clock.now();
}
