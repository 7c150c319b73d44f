import { elapsedBy } from "@perdure/core";
import type { Clock } from "@perdure/core";
import type { Delivery } from "./delivery";
import type { QueuePuts } from "./queue-puts";

/** A queue that others fill faster than it is emptied must not stop what goes by hand. */
const MAX_HELD_MS = 5000;

/** O5: holds back what goes by hand until all that this process put in the queue before has been received. */
export class HandDelivery {
  readonly #held: Delivery[] = [];
  #heldSince = 0;
  /** So many of the puts have been received. */
  #received: number | undefined;

  constructor(
    private readonly puts: QueuePuts,
    private readonly clock: Clock,
    private readonly deliver: (delivery: Delivery) => void,
  ) {}

  push(delivery: Delivery): void {
    if (this.#held.length === 0) this.#heldSince = elapsedBy(this.clock);
    this.#held.push(delivery);
    this.handOut();
  }

  /** To be called before a look at the queue. Returns what to call when that look has brought all there was. */
  beforeLook(): () => void {
    if (this.#held.length > 0 && elapsedBy(this.clock) - this.#heldSince > MAX_HELD_MS)
      this.received(this.puts.count);
    if (this.puts.isUnderWay) return () => undefined;
    const { count } = this.puts;
    return () => this.received(count);
  }

  takeBack(): readonly Delivery[] {
    return this.#held.splice(0);
  }

  private received(count: number): void {
    this.#received = count;
    this.handOut();
  }

  private handOut(): void {
    if (this.#received !== this.puts.count) return;
    for (const delivery of this.#held.splice(0)) this.deliver(delivery);
  }
}
