/**
 * Storage's time, which all workers of a hub share: told from the dates of its answers, carried on between them by this
 * machine's steady clock.
 *
 * - K1 Every answer gives bounds. Its date is cut to seconds, so when it came storage's clock showed that or more, and
 *   when the request left less than a second more. What all answers leave possible is kept; it widens with age, because
 *   clocks drift.
 * - K2 Before the first answer this machine's time is all there is. Then the time believed stays while it is possible,
 *   and goes to the early end of what is possible when it is not: timers are rather late by what is not known.
 * - K3 What contradicts all that was known replaces it at the third time in a row: one server of many may be wrong.
 * - K4 After the first answer nothing goes by this machine's wall clock, however it is set.
 */
import { elapsedBy } from "@perdure/core";
import type { Clock } from "@perdure/core";
import type { TimeKeeper } from "./storage/storage";

/** This machine's clock against storage's. */
export interface ClockSkew {
  /** How far the machine's clock is ahead, in milliseconds; negative: behind. */
  readonly aheadMs: number;
  /** How far off that may be, either way. */
  readonly uncertaintyMs: number;
}

/** A date is cut to the second. */
const RESOLUTION_MS = 1000;
/** A service that is busy sends the date that it made some time ago. */
const STALE_MS = 250;
/** More than two clocks drift apart: half a minute off in a day is a bad one. */
const DRIFT = 0.000_35;
const CONTRADICTIONS = 3;
/** Sleeps that take longer are looked at again when time is put forward. */
const SHORT_SLEEP_MS = 60_000;

export class StorageClock implements Clock, TimeKeeper {
  /** Storage's time less steady time: what is believed, and its bounds. `undefined` before the first answer. */
  #offset: number | undefined;
  #low = 0;
  #high = 0;
  /** Steady time of the last answer. */
  #boundedAt = 0;
  #contradictions = 0;
  readonly #sleepers = new Set<AbortController>();

  /** @param onAnswer Called after every answer. */
  constructor(
    private readonly local: Clock,
    private readonly onAnswer: (skew: ClockSkew | undefined) => void = () => undefined,
  ) {}

  now(): number {
    return this.#offset === undefined ? this.local.now() : Math.floor(this.elapsed() + this.#offset);
  }

  elapsed(): number {
    return elapsedBy(this.local);
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (!(delayMs > SHORT_SLEEP_MS) || signal?.aborted) return this.local.sleep(delayMs, signal);
    const until = this.now() + delayMs;
    const wakeAt = this.elapsed() + delayMs;
    const left = (): number => Math.min(until - this.now(), wakeAt - this.elapsed());
    for (let ms = delayMs; ms > 0 && !signal?.aborted; ms = left()) {
      const nap = new AbortController();
      const end = (): void => nap.abort();
      this.#sleepers.add(nap);
      signal?.addEventListener("abort", end);
      await this.local.sleep(ms, nap.signal);
      signal?.removeEventListener("abort", end);
      this.#sleepers.delete(nap);
    }
  }

  /** `undefined` before the first answer. */
  get skew(): ClockSkew | undefined {
    if (this.#offset === undefined) return undefined;
    const elapsed = this.elapsed();
    const widening = (elapsed - this.#boundedAt) * DRIFT;
    return {
      aheadMs: Math.round(this.local.now() - elapsed - (this.#low + this.#high) / 2),
      uncertaintyMs: Math.ceil((this.#high - this.#low) / 2 + widening),
    };
  }

  sent(): number {
    return this.elapsed();
  }

  answered(sentAt: number, date: number): void {
    const receivedAt = this.elapsed();
    this.bound(receivedAt, date - receivedAt, date + RESOLUTION_MS + STALE_MS - sentAt);
    this.follow();
    this.onAnswer(this.skew);
  }

  serviceTime(): number | undefined {
    return this.#offset === undefined ? undefined : this.now();
  }

  /** K1, K3 */
  private bound(at: number, low: number, high: number): void {
    const widening = (at - this.#boundedAt) * DRIFT;
    const isFirst = this.#offset === undefined;
    this.#boundedAt = at;
    this.#low -= widening;
    this.#high += widening;
    const contradicts = low > this.#high || high < this.#low;
    if (isFirst || (contradicts && this.#contradictions + 1 === CONTRADICTIONS)) {
      this.#low = low;
      this.#high = high;
    } else if (contradicts) {
      this.#contradictions++;
      return;
    } else {
      this.#low = Math.max(this.#low, low);
      this.#high = Math.min(this.#high, high);
    }
    this.#contradictions = 0;
  }

  /** K2 */
  private follow(): void {
    const believed = this.#offset ?? this.local.now() - this.elapsed();
    const isPossible = believed >= this.#low && believed <= this.#high;
    this.#offset = isPossible ? believed : this.#low;
    if (this.#offset > believed) for (const nap of [...this.#sleepers]) nap.abort();
  }
}
