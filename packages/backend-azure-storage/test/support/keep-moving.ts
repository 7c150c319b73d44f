import type { VirtualClock } from "@perdure/core";

/** Turns of the event loop after which nothing is left to happen but the passing of time. */
const IDLE_TURNS = 5;

/** Moves the clock to its next sleeper whenever everything else has come to rest. Returns how to end that. */
export function keepMoving(clock: VirtualClock): () => Promise<void> {
  let moving = true;
  const moved = (async () => {
    while (moving) {
      for (let turn = 0; turn < IDLE_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
      clock.wakeNext();
    }
  })();
  return () => {
    moving = false;
    return moved;
  };
}
