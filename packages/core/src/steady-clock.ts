/**
 * Wall time that does not follow a clock which is set wrong for a while: the machine's time as long as it runs evenly,
 * else the time believed before, carried on by a clock that is never set.
 *
 * - C1 Differences up to a second are made up for by running 5 % faster or slower. Time does not go back for them.
 * - C2 A larger one, a step, is believed once it has stood for ten minutes. Then time jumps, back as well.
 * - C3 A step is believed at once if the machine has slept for as long, or if the time believed so far cannot be.
 * - C4 A time that cannot be, before 2020, is never believed in the place of one that can.
 * - C5 A sleep lasts as long as steady time says, however the machine's clock is set. Only a believed step ends it
 *   early: what waits for a date must look again. It looks once a minute.
 */
import type { Clock } from "./clock";

/** What a machine has to tell time by, in milliseconds. */
export interface TimeSources {
  /** Since the Unix epoch, by the clock that people and daemons set. */
  wall(): number;
  /** By a clock that is never set. It may stand still while the machine sleeps. */
  steady(): number;
  /** Since the machine started, its sleep included; to the second is enough. NaN where that is not to be had. */
  uptime(): number;
  /** Calls `wake` after `delayMs`, which is at most a minute, 0 for soon. Returns how to prevent that. */
  wait(delayMs: number, wake: () => void): () => void;
}

/** What has become of a step of the machine's clock. */
export interface ClockStep {
  /** `seen`: not believed so far. `believed`: time has followed. `undone`: the clock went back by itself before. */
  readonly state: "seen" | "believed" | "undone";
  /** How far the machine's clock is ahead of the time that was believed; negative: behind. */
  readonly byMs: number;
}

export interface SteadyClockOptions {
  /** How long a step must stand before it is believed, in milliseconds. Default: 600,000. */
  readonly confirmMs?: number;
}

/** No machine that runs this has a right clock that shows less. */
const EARLIEST = Date.UTC(2020, 0, 1);
/** Not worth a look: two clocks are never read at the same moment. */
const CLOSE_MS = 2;
const STEP_MS = 1000;
const SLEW_RATE = 0.05;
const LOOK_MS = 60_000;
/** What two readings of `uptime` in whole seconds may be off by together, and what the two clocks may drift apart. */
const COARSE_MS = 2000;
const DRIFT = 0.001;
/** `setTimeout` overflows past 2^31 ms and stands still while the machine sleeps. */
const LONGEST_NAP_MS = 60_000;

export class SteadyClock implements Clock {
  readonly #sources: TimeSources;
  readonly #confirmMs: number;
  readonly #listeners = new Set<(step: ClockStep) => void>();
  /** Believed wall time less steady time. */
  #offset: number;
  /** Time that the steady clock did not count because the machine slept. */
  #slept = 0;
  /** Steady time of the last reading. */
  #readAt: number;
  #lookAt: number;
  #lookedAt: number;
  #uptime: number;
  /** What `#offset` would be if the step were believed, and the steady time at which it was first seen. */
  #step: { offset: number; readonly since: number } | undefined;

  constructor(sources: TimeSources, { confirmMs = 600_000 }: SteadyClockOptions = {}) {
    this.#sources = sources;
    this.#confirmMs = confirmMs;
    this.#readAt = this.#lookedAt = sources.steady();
    this.#offset = sources.wall() - this.#readAt;
    this.#uptime = sources.uptime();
    this.#lookAt = this.#lookedAt + LOOK_MS;
  }

  now(): number {
    return Math.floor(this.read() + this.#offset);
  }

  elapsed(): number {
    return this.read() + this.#slept;
  }

  /** False while all that is known is a time that cannot be: the machine's clock has not been set since it started. */
  get isSet(): boolean {
    return this.now() >= EARLIEST;
  }

  /** Tells of steps from now on. The listener must not throw. Returns how to end that. */
  onStep(listener: (step: ClockStep) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** C5 */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      if (!(delayMs > 0)) {
        this.#sources.wait(0, resolve);
        return;
      }
      const until = this.now() + delayMs;
      const wakeAt = this.elapsed() + delayMs;
      let cancel: (() => void) | undefined;
      const done = (): void => {
        cancel?.();
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const nap = (): void => {
        const byWall = until - this.now();
        const bySteady = wakeAt - this.elapsed();
        const left = byWall < bySteady - STEP_MS ? byWall : bySteady;
        if (left <= 0) done();
        else cancel = this.#sources.wait(Math.min(left, LONGEST_NAP_MS), nap);
      };
      signal?.addEventListener("abort", done, { once: true });
      nap();
    });
  }

  /** The steady clock's time, after a look at the others if there is reason for one. */
  private read(): number {
    const steady = this.#sources.steady();
    const gap = this.#sources.wall() - steady - this.#offset;
    if (gap > CLOSE_MS || gap < -CLOSE_MS || steady >= this.#lookAt || this.#step) this.look(steady);
    this.#readAt = steady;
    return steady;
  }

  private look(steady: number): void {
    let gap = this.gap();
    if (gap === undefined) return;
    if (steady >= this.#lookAt || this.isNew(gap)) gap -= this.makeUpForSleep(steady, gap);
    if (Math.abs(gap) <= STEP_MS) this.slew(steady, gap);
    else this.doubt(steady, gap);
  }

  /** How far the machine's clock is ahead of what is believed; `undefined` if something came between the readings. */
  private gap(): number | undefined {
    const before = this.#sources.steady();
    const wall = this.#sources.wall();
    return this.#sources.steady() - before < 1 ? wall - before - this.#offset : undefined;
  }

  /** The gap of a step that has been seen already; 0 when there is none. */
  private get knownGap(): number {
    return this.#step ? this.#step.offset - this.#offset : 0;
  }

  private isNew(gap: number): boolean {
    return Math.abs(gap - this.knownGap) > STEP_MS && Math.abs(gap) > STEP_MS;
  }

  /** C3. Returns what time was put forward by: what the wall clock says if it can be that, else rather too little. */
  private makeUpForSleep(steady: number, gap: number): number {
    const awake = steady - this.#lookedAt;
    const uptime = this.#sources.uptime();
    const slept = uptime - this.#uptime - awake;
    this.#lookedAt = steady;
    this.#lookAt = steady + LOOK_MS;
    this.#uptime = uptime;
    if (!(slept > COARSE_MS + awake * DRIFT)) return 0;
    const byWall = [gap, gap - this.knownGap].find((span) => Math.abs(span - slept) <= COARSE_MS);
    const credit = byWall ?? slept - COARSE_MS / 2;
    this.#offset += credit;
    this.#slept += credit;
    if (this.#step) this.#step.offset += credit;
    return credit;
  }

  /** C1. At 5 % of the time since the last reading it is never back. */
  private slew(steady: number, gap: number): void {
    if (this.#step) {
      const byMs = Math.round(this.knownGap);
      this.#step = undefined;
      this.report({ state: "undone", byMs });
    }
    const most = (steady - this.#readAt) * SLEW_RATE;
    this.#offset += Math.max(-most, Math.min(most, gap));
  }

  /** C2, C3, C4 */
  private doubt(steady: number, gap: number): void {
    const isImpossible = steady + this.#offset < EARLIEST;
    const wouldBePossible = steady + this.#offset + gap >= EARLIEST;
    if (isImpossible && wouldBePossible) {
      this.believe(gap);
      return;
    }
    if (!this.#step || this.isNew(gap)) {
      const isFirst = !this.#step;
      this.#step = { offset: this.#offset + gap, since: steady };
      if (isFirst) this.report({ state: "seen", byMs: Math.round(gap) });
    } else if (steady - this.#step.since >= this.#confirmMs && (wouldBePossible || isImpossible)) {
      this.believe(gap);
    }
  }

  private believe(gap: number): void {
    this.#offset += gap;
    this.#step = undefined;
    this.report({ state: "believed", byMs: Math.round(gap) });
  }

  private report(step: ClockStep): void {
    for (const listener of [...this.#listeners]) listener(step);
  }
}
