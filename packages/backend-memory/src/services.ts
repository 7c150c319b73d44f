import type { Clock, PayloadLimit } from "@perdure/core";
import type { Lifetime } from "./lifetime";
import type { MemoryStore } from "./store";

/** What the parts of one backend object share. */
export interface Services {
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly lifetime: Lifetime;
  readonly limit: PayloadLimit;
  readonly lockMs: number;
  readonly maxDeliveryCount: number;
}

/** Something locked by this backend object, that `stop` gives back and a crash leaves as it is. */
export interface Held {
  giveBack(): void;
  die(): void;
}
