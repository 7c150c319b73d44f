/**
 * Time that skips to the next due thing by itself.
 *
 * - T1 Time moves only at rest: when nothing has happened for some turns of the event loop, and no activity runs but
 *   those that sleep on this clock.
 * - T2 Time moves only while somebody wants it to: a client waits, the host waits, or it is advanced by hand.
 * - T3 What is due wakes in order of its time, and has run its course before what comes next.
 * - T4 Who waits for what can never come is told: see `onStall`.
 */
import { setImmediate } from "node:timers/promises";
import { VirtualClock } from "@perdure/core";
import type { Clock } from "@perdure/core";
import type { Bell } from "./bell";
import { WaitingClock } from "./waiting-clock";

/** Turns of the event loop without anything new, after which nothing is left to happen but the passing of time. */
const IDLE_TURNS = 4;
/** How far time goes for clients that wait while nothing is due: it ends their timeouts. */
const LONGEST_WAIT_MS = 10 * 365 * 86_400_000;
/** Part of the patience after which it is believed that nothing comes from outside. */
const QUIET = 0.25;

export interface VirtualTimeOptions {
  readonly startTime: number;
  readonly autoAdvance: boolean;
  /** Real milliseconds. */
  readonly patienceMs: number;
}

/** Why time does not move although somebody waits. */
export type Stall = "activity runs" | "nothing is due";

interface Advance {
  readonly until: number;
  readonly resolve: () => void;
}

export class VirtualTime {
  /** The clock of workers and storage. */
  readonly world: Clock;
  /** The clock of clients. */
  readonly waiting: WaitingClock;
  /** Called when somebody waits and time cannot move. */
  onStall: (stall: Stall) => Promise<void> = () => Promise.resolve();
  readonly #clock: VirtualClock;
  #waiters = 0;
  #advance: Advance | undefined;
  #isDraining = false;
  #isStopped = false;
  /** Up to when time may pass for clients alone. */
  #lonelyUntil = Number.NEGATIVE_INFINITY;

  /**
   * @param bell Rung by whoever does something.
   * @param isHeld Whether an activity runs that does not sleep on this clock.
   */
  constructor(
    private readonly bell: Bell,
    private readonly isHeld: () => boolean,
    private readonly options: VirtualTimeOptions,
  ) {
    const clock = (this.#clock = new VirtualClock(options.startTime));
    this.world = {
      now: () => clock.now(),
      sleep: (delayMs, signal) => {
        const slept = clock.sleep(delayMs, signal);
        bell.ring();
        return slept;
      },
    };
    this.waiting = new WaitingClock(this.world, bell);
    void this.run();
  }

  now(): number {
    return this.#clock.now();
  }

  /** Lets time pass until the promise settles. */
  async during<T>(promise: Promise<T>): Promise<T> {
    this.#waiters++;
    this.bell.ring();
    try {
      return await promise;
    } finally {
      this.#waiters--;
    }
  }

  /** Lets time pass up to a moment, with all that is due until then. One call at a time. */
  advanceTo(until: number): Promise<void> {
    return new Promise((resolve) => {
      this.#advance = { until, resolve };
      this.bell.ring();
    });
  }

  get isAdvancing(): boolean {
    return this.#advance !== undefined;
  }

  /** From now on time passes whether somebody waits or not. */
  drain(): void {
    this.#isDraining = true;
    this.bell.ring();
  }

  /** Time stands still for good. */
  stop(): void {
    this.#isStopped = true;
    this.bell.ring();
  }

  private async run(): Promise<void> {
    while (!this.#isStopped) {
      await this.settle();
      const until = this.wantedUntil();
      if (until === undefined) await this.bell.next();
      else if (this.isHeld()) await this.hold();
      else if (!this.move(until)) await this.rest();
    }
  }

  /** T1 */
  private async settle(): Promise<void> {
    let { rings } = this.bell;
    for (let idle = 0; idle < IDLE_TURNS; idle++) {
      await setImmediate();
      if (this.bell.rings === rings) continue;
      rings = this.bell.rings;
      idle = -1;
    }
  }

  /** T2: how far time may go, `undefined` when nobody wants it to. */
  private wantedUntil(): number | undefined {
    const isWaited = this.waiting.nextDue !== undefined || this.#waiters > 0;
    if (this.#isDraining) return Number.POSITIVE_INFINITY;
    if (this.#advance) return this.#advance.until;
    return this.options.autoAdvance && isWaited ? Number.POSITIVE_INFINITY : undefined;
  }

  private async hold(): Promise<void> {
    if (!(await this.bell.next(this.options.patienceMs))) await this.giveUp("activity runs");
  }

  /** T3. False when nothing is due. */
  private move(until: number): boolean {
    const world = this.#clock.nextDue ?? Number.POSITIVE_INFINITY;
    const client = this.waiting.nextDue ?? Number.POSITIVE_INFINITY;
    const next = Math.min(world, client);
    if (next <= until && next < Number.POSITIVE_INFINITY) {
      const isLonely = world === Number.POSITIVE_INFINITY && !this.#advance;
      if (isLonely && next > this.#lonelyUntil) return false;
      if (!isLonely) this.#lonelyUntil = Number.NEGATIVE_INFINITY;
      if (world <= client) this.#clock.wakeNext();
      else this.#clock.jumpTo(Math.max(next, this.now()));
      this.waiting.wakeUntil(Math.min(this.now(), client));
      return true;
    }
    if (!this.#advance) return false;
    const { resolve } = this.#advance;
    this.#clock.jumpTo(Math.max(this.#advance.until, this.now()));
    this.#advance = undefined;
    resolve();
    return true;
  }

  /** Nothing is due, yet somebody waits. T4 */
  private async rest(): Promise<void> {
    if (this.#isDraining) {
      await this.bell.next();
      return;
    }
    if (await this.bell.next(this.options.patienceMs * QUIET)) return;
    const clientsWait = this.waiting.nextDue !== undefined && this.#waiters === 0;
    const hasBeenLonely = this.#lonelyUntil > Number.NEGATIVE_INFINITY;
    this.#lonelyUntil =
      clientsWait && !hasBeenLonely ? this.now() + LONGEST_WAIT_MS : Number.NEGATIVE_INFINITY;
    if (!clientsWait || hasBeenLonely) await this.giveUp("nothing is due");
  }

  private async giveUp(stall: Stall): Promise<void> {
    await this.onStall(stall);
    this.#advance = undefined;
  }
}
