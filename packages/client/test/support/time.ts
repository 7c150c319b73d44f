import type { VirtualClock } from "@perdure/core";

/** Lets everything run that waits for no clock. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets virtual time pass, waking sleepers one by one at their moments. */
export async function pass(clock: VirtualClock, ms: number): Promise<void> {
  const until = clock.now() + ms;
  await settle();
  while (clock.wakeNext(until)) await settle();
  clock.jumpTo(until);
}
