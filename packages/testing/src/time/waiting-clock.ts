import { VirtualClock } from "@perdure/core";
import type { Clock } from "@perdure/core";
import type { Bell } from "./bell";

/**
 * Clients look at an instance every second at the latest. The longer one waits the less often it needs to look: with
 * this part of the time waited so far, a year takes a few hundred looks.
 */
const STRETCH = 0.05;

/** The clock of clients. Their sleeps are waits: time may pass while there are some, and they are never what is due. */
export class WaitingClock implements Clock {
  readonly #sleeps: VirtualClock;
  #waitingSince: number | undefined;

  constructor(
    private readonly world: Clock,
    private readonly bell: Bell,
  ) {
    this.#sleeps = new VirtualClock(world.now());
  }

  now(): number {
    return this.world.now();
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    const now = this.now();
    this.#sleeps.jumpTo(now);
    this.#waitingSince ??= now;
    const slept = this.#sleeps.sleep(Math.max(delayMs, (now - this.#waitingSince) * STRETCH), signal);
    this.bell.ring();
    return slept;
  }

  /** When the next client looks, if one waits. To be asked at rest only: between two looks nobody sleeps. */
  get nextDue(): number | undefined {
    const { nextDue } = this.#sleeps;
    if (nextDue === undefined) this.#waitingSince = undefined;
    return nextDue;
  }

  /** Lets those look whose time has come. */
  wakeUntil(time: number): void {
    while (this.#sleeps.wakeNext(time));
  }
}
