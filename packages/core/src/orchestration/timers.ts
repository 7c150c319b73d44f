/**
 * Timers of one execution. A timer that lost its last observer is idle; those still idle when the turn ends are
 * disarmed: their stored message goes, and the next observer arms them again under a new decision.
 */
import { TaskCancelledError } from "../errors";
import { CompletableTask } from "../tasks/task";
import type { WallClock } from "../wall-clock";
import type { TimerTask } from "./context";

/** What timers need of the execution around them. */
export interface TimerOperations {
  /** Decides a new timer that settles `timer`; returns its event id. */
  arm(timer: DurableTimer): number;
  /** The stored message of this decision need not fire. */
  disarm(eventId: number): void;
  currentOrder(): number;
}

export interface TimerRequest {
  readonly fireAtMs: number;
  readonly name?: string;
  readonly wallClock?: WallClock;
}

export class DurableTimer extends CompletableTask<void> implements TimerTask {
  #eventId: number | undefined;
  #cancelled = false;
  #fireAtMs: number;
  #wallClock: WallClock | undefined;

  constructor(
    private readonly timers: Timers,
    { fireAtMs, name, wallClock }: TimerRequest,
  ) {
    super();
    this.#fireAtMs = fireAtMs;
    this.timerName = name;
    this.#wallClock = wallClock;
    this.#eventId = timers.operations.arm(this);
  }

  readonly timerName: string | undefined;

  /** Milliseconds since the epoch. */
  get fireAtMs(): number {
    return this.#fireAtMs;
  }

  get wallClock(): WallClock | undefined {
    return this.#wallClock;
  }

  get fireAt(): Date {
    return new Date(this.fireAtMs);
  }

  get isCancelled(): boolean {
    return this.#cancelled;
  }

  cancel(): void {
    if (this.isCompleted) return;
    this.disarm();
    this.end();
  }

  /** Its message has gone already. */
  cancelByOperator(reason: string | undefined): void {
    this.#eventId = undefined;
    if (!this.isCompleted) this.end(reason);
  }

  /** @param isAbsolute It was moved to a moment, whatever clocks will show then. */
  moveTo(fireAtMs: number, isAbsolute: boolean): void {
    this.#fireAtMs = fireAtMs;
    if (isAbsolute) this.#wallClock = undefined;
  }

  disarm(): void {
    if (this.#eventId !== undefined) this.timers.operations.disarm(this.#eventId);
    this.#eventId = undefined;
  }

  private end(reason?: string): void {
    this.#cancelled = true;
    const why = reason === undefined ? "" : `: ${reason}`;
    this.fail(
      new TaskCancelledError(`The timer due at ${this.fireAt.toISOString()} was cancelled${why}.`),
      this.timers.operations.currentOrder(),
    );
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

  create(request: TimerRequest): DurableTimer {
    return new DurableTimer(this, request);
  }

  /** At the end of a turn: whoever lost its race and was not looked at again is disarmed. */
  disarmIdle(): void {
    for (const timer of this.idle) if (!timer.isCompleted) timer.disarm();
    this.idle.clear();
  }
}
