import type { VirtualClock } from "@perdure/core";

/** Turns of the event loop without a new sleeper after which nothing is left to happen but the passing of time. */
const IDLE_TURNS = 5;

/**
 * Moves the clock to its next sleeper whenever everything else has come to rest: nothing is on its way to the disk.
 * Returns how to end that.
 */
export function keepMoving(clock: VirtualClock, settled: () => Promise<boolean>): () => Promise<void> {
  let moving = true;
  const moved = (async () => {
    while (moving) {
      for (let turn = 0; turn < IDLE_TURNS; turn++) {
        await new Promise(setImmediate);
        if (await settled()) turn = 0;
      }
      clock.wakeNext();
    }
  })();
  return () => {
    moving = false;
    return moved;
  };
}
