/**
 * Timers of one execution. A timer that lost its last observer is idle; those still idle when the turn ends are
 * disarmed: their stored message goes, and the next observer arms them again under a new decision.
 */
import { TaskCancelledError } from "../errors";
import { CompletableTask } from "../tasks/task";
import type { TimerTask } from "./context";

/** What timers need of the execution around them. */
export interface TimerOperations {
  /** Decides a new timer that settles `timer`; returns its event id. */
  arm(timer: DurableTimer): number;
  /** The stored message of this decision need not fire. */
  disarm(eventId: number): void;
  currentOrder(): number;
}

export class DurableTimer extends CompletableTask<void> implements TimerTask {
  #eventId: number | undefined;
  #cancelled = false;

  constructor(
    private readonly timers: Timers,
    /** Milliseconds since the epoch. */
    readonly fireAtMs: number,
    readonly timerName: string | undefined,
  ) {
    super();
    this.#eventId = timers.operations.arm(this);
  }

  get fireAt(): Date {
    return new Date(this.fireAtMs);
  }

  get isCancelled(): boolean {
    return this.#cancelled;
  }

  cancel(): void {
    if (this.isCompleted) return;
    this.#cancelled = true;
    this.disarm();
    this.fail(
      new TaskCancelledError(`The timer due at ${this.fireAt.toISOString()} was cancelled.`),
      this.timers.operations.currentOrder(),
    );
  }

  disarm(): void {
    if (this.#eventId !== undefined) this.timers.operations.disarm(this.#eventId);
    this.#eventId = undefined;
  }

  protected override onObserved(): void {
    this.timers.idle.delete(this);
    this.#eventId ??= this.timers.operations.arm(this);
  }

  protected override onUnobserved(): void {
    this.timers.idle.add(this);
  }
}

export class Timers {
  readonly idle = new Set<DurableTimer>();

  constructor(readonly operations: TimerOperations) {}

  create(fireAtMs: number, name: string | undefined): DurableTimer {
    return new DurableTimer(this, fireAtMs, name);
  }

  /** At the end of a turn: whoever lost its race and was not looked at again is disarmed. */
  disarmIdle(): void {
    for (const timer of this.idle) if (!timer.isCompleted) timer.disarm();
    this.idle.clear();
  }
}
