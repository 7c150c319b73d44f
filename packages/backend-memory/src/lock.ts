import type { Clock } from "@perdure/core";

/** Who may work on something, and until when unless renewed. */
export interface Lock {
  /** Tells owners apart; a new one for each time something is locked. */
  readonly owner: object;
  expiresAt: number;
}

export function isHeldBy(lock: Lock | undefined, owner: object, now: number): boolean {
  return lock?.owner === owner && lock.expiresAt > now;
}

/** Renews until `ended` aborts, or until it fails: then calls `onLost`, once. */
export async function keepRenewing(
  clock: Clock,
  intervalMs: number,
  ended: AbortSignal,
  renew: () => boolean,
  onLost: () => void,
): Promise<void> {
  for (;;) {
    await clock.sleep(intervalMs, ended);
    if (ended.aborted) return;
    if (!renew()) {
      onLost();
      return;
    }
  }
}
