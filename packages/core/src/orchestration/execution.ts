/**
 * One generation of one instance, live: its generator, its open tasks, its untaken events. Events go in, decisions
 * and at last an outcome come out. No clock, no I/O: time is the timestamp of the turn's `OrchestratorStarted`.
 *
 * - E1 Events are applied one by one; the code runs as far as it can after each before the next is looked at.
 * - E2 Decisions are numbered from 0 in call order. In replay each must be confirmed by the recorded one of its
 *   number, within its own turn; anything else blocks the execution and nothing more is applied.
 * - E3 While held (suspended, or not yet due to start) events queue up in order; resuming applies the queue.
 * - E4 After an outcome nothing is applied any more; what came later is `unapplied`.
 * - E5 Applying a history in one go or in pieces leads to the same state: hot and cold executions agree.
 */
import { decode, encode } from "../codec";
import type { OrchestrationDefinition } from "../definitions";
import { TaskFailedError } from "../errors";
import { toError, toFailure } from "../failure";
import type { FailureDetails } from "../failure";
import { optional } from "../fields";
import { START_TIMER_ID, completedTaskId, isDecision, startsLater } from "../history/events";
import type {
  BlockedReason,
  DecisionEvent,
  HistoryEvent,
  HistoryEventHandlers,
  HistoryEventOf,
  Payload,
} from "../history/events";
import type { LogLevel } from "../logger";
import { RoutineTask } from "../tasks/routine";
import { CompletableTask } from "../tasks/task";
import type { OrchestrationGenerator, Task } from "../tasks/task";
import type { TimeZones } from "../wall-clock";
import { Decisions, nonDeterminism } from "./decisions";
import type { Decision } from "./decisions";
import { ExecutionContext } from "./execution-context";
import { EventMailbox } from "./mailbox";
import { DurableTimer, Timers } from "./timers";

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export type ExecutionOutcome =
  | { readonly kind: "completed"; readonly output?: Payload }
  | { readonly kind: "failed"; readonly failure: FailureDetails }
  | { readonly kind: "terminated"; readonly reason?: string; readonly recursive: boolean }
  | {
      readonly kind: "continuedAsNew";
      readonly input?: Payload;
      readonly carryover: readonly HistoryEvent[];
    };

/** What came out of applying new events. */
export interface Advance {
  readonly decisions: readonly DecisionEvent[];
  /** Those of `cancelledTimers` that history has to tell of. */
  readonly cancellations: readonly HistoryEventOf<"TimerCancelled">[];
  readonly cancelledTimers: readonly number[];
  readonly logs: readonly LogEntry[];
}

type ExecutionStarted = HistoryEventOf<"ExecutionStarted">;

interface OpenTask {
  readonly task: CompletableTask<unknown>;
  readonly label: string;
}

export class Execution {
  isReplaying = true;
  /** Timestamp of the current turn. */
  now = 0;
  /** Index of the event being applied. */
  order = -1;
  customStatus: Payload | undefined;
  readonly mailbox = new EventMailbox();
  readonly timers = new Timers({
    arm: (timer) => this.arm(timer),
    disarm: (eventId) => this.disarm(eventId),
    currentOrder: () => this.order,
  });
  readonly #decisions = new Decisions();
  readonly #open = new Map<number, OpenTask>();
  readonly #held: { readonly event: HistoryEvent; readonly order: number }[] = [];
  #suspended = false;
  #steering: HistoryEventOf<"ExecutionSuspended" | "ExecutionResumed"> | undefined;
  #awaitingStart = false;
  #lenientUntil = -1;
  #main: Task<unknown> | undefined;
  #continuation: { readonly input: Payload | undefined; readonly preserveEvents: boolean } | undefined;
  #outcome: ExecutionOutcome | undefined;
  #blocked: BlockedReason | undefined;
  readonly #unapplied: HistoryEvent[] = [];
  #cancelledTimers: number[] = [];
  #logs: LogEntry[] = [];

  constructor(
    private readonly definition: OrchestrationDefinition<unknown, unknown>,
    readonly instanceId: string,
    readonly timeZones: TimeZones,
  ) {}

  get outcome(): ExecutionOutcome | undefined {
    return this.#outcome;
  }

  /** Why nothing can be applied any more (E2). */
  get blocked(): BlockedReason | undefined {
    return this.#blocked;
  }

  get isSuspended(): boolean {
    return this.#suspended;
  }

  /** The last suspend or resume, which the next generation must know to tell an earlier one that comes later. */
  get steering(): HistoryEvent | undefined {
    return this.#steering;
  }

  get isAwaitingStart(): boolean {
    return this.#awaitingStart;
  }

  /** Events after the outcome (E4) that matter to whoever follows: not completions of tasks of this generation. */
  get unapplied(): readonly HistoryEvent[] {
    return this.#unapplied;
  }

  /**
   * Applies recorded history; every decision must be found in it, unless `lenient` (after a rewind took some out).
   * Returns the event ids of timers that have been cancelled since they were created.
   */
  replay(past: readonly HistoryEvent[], lenient: boolean): readonly number[] {
    this.isReplaying = true;
    this.#lenientUntil = lenient ? past.length : lenientUntil(past);
    for (const event of past) this.apply(event);
    this.endTurn(this.order);
    const cancelled = this.#cancelledTimers;
    this.#cancelledTimers = cancelled.filter((eventId) => this.#decisions.isPending(eventId));
    return cancelled;
  }

  /** Applies new events and hands over what the code decided. */
  advance(newEvents: readonly HistoryEvent[]): Advance {
    this.isReplaying = false;
    for (const event of newEvents) this.apply(event);
    this.timers.disarmIdle();
    const decisions = this.#decisions.take();
    const cancelledTimers = this.#cancelledTimers;
    const cancellations = cancelledTimers.map(
      (timerId) => ({ type: "TimerCancelled", timestamp: this.now, timerId }) as const,
    );
    this.order += decisions.length + cancellations.length; // they are recorded next (E5)
    const result: Advance = { decisions, cancellations, cancelledTimers, logs: this.#logs };
    this.#cancelledTimers = [];
    this.#logs = [];
    return result;
  }

  /** Records a decision, which may contain something derived from its own number; `task` opens with it. */
  decide(
    toDecision: (eventId: number) => Decision,
    task: CompletableTask<unknown> | undefined,
    label: string,
  ): number {
    const eventId = this.#decisions.add(toDecision, this.now);
    if (task) this.#open.set(eventId, { task, label });
    return eventId;
  }

  run<T>(generator: OrchestrationGenerator<T>): Task<T> {
    return new RoutineTask(generator, () => this.order);
  }

  continueAsNew(input: Payload | undefined, preserveEvents: boolean): void {
    this.#continuation = { input, preserveEvents };
  }

  log(entry: LogEntry): void {
    if (!this.isReplaying) this.#logs.push(entry);
  }

  /** Suspends and resumes count in the order they were asked for, even if they come in another. */
  private isOvertaken(event: HistoryEventOf<"ExecutionSuspended" | "ExecutionResumed">): boolean {
    if (event.timestamp < (this.#steering?.timestamp ?? 0)) return true;
    this.#steering = event;
    return false;
  }

  private arm(timer: DurableTimer): number {
    return this.decide(
      () => ({
        type: "TimerCreated",
        fireAt: timer.fireAtMs,
        ...optional("name", timer.timerName),
        ...optional("wallClock", timer.wallClock),
      }),
      timer,
      "Timer",
    );
  }

  private disarm(eventId: number): void {
    this.#open.delete(eventId);
    this.#cancelledTimers.push(eventId);
  }

  private apply(event: HistoryEvent): void {
    this.order++;
    if (this.#blocked) return;
    if (this.#outcome && !isDecision(event)) {
      this.#unapplied.push(event);
      return;
    }
    this.dispatch(event);
  }

  private dispatch(event: HistoryEvent): void {
    const handle: (event: never) => void = this.handlers[event.type];
    handle(event as never);
  }

  private readonly handlers: HistoryEventHandlers = {
    OrchestratorStarted: (event) => {
      this.endTurn(this.order - 1);
      this.now = event.timestamp;
    },
    ExecutionStarted: (event) => {
      this.#awaitingStart = startsLater(event);
      if (this.#awaitingStart) this.#held.push({ event, order: this.order });
      else this.begin(event);
    },
    TaskScheduled: (event) => this.confirm(event),
    SubOrchestrationInstanceCreated: (event) => this.confirm(event),
    TimerCreated: (event) => {
      this.confirm(event);
      this.openTimer(event.eventId)?.moveTo(event.fireAt, false); // clocks may have been told otherwise since
    },
    TimerMoved: (event) =>
      this.holdOr(event, () =>
        this.openTimer(event.timerId)?.moveTo(event.fireAt, event.messageId !== undefined),
      ),
    TimerCancelled: (event) => {
      if (event.messageId === undefined) return; // the code has done it itself
      this.holdOr(event, () => {
        const timer = this.openTimer(event.timerId);
        this.#open.delete(event.timerId);
        timer?.cancelByOperator(event.reason);
      });
    },
    EventSent: (event) => this.confirm(event),
    TerminationSent: (event) => this.confirm(event),
    TaskCompleted: (event) =>
      this.holdOr(event, () => this.take(event)?.task.complete(decode(event.result), this.order)),
    TaskFailed: (event) => this.holdOr(event, () => this.failTask(event)),
    SubOrchestrationInstanceCompleted: (event) =>
      this.holdOr(event, () => this.take(event)?.task.complete(decode(event.result), this.order)),
    SubOrchestrationInstanceFailed: (event) => this.holdOr(event, () => this.failTask(event)),
    TimerFired: (event) => {
      if (event.timerId === START_TIMER_ID) {
        this.#awaitingStart = false;
        this.releaseHeld();
      } else this.holdOr(event, () => this.take(event)?.task.complete(undefined, this.order));
    },
    EventRaised: (event) => this.holdOr(event, () => this.mailbox.deliver(event, this.order)),
    ExecutionSuspended: (event) => {
      if (this.isOvertaken(event)) return;
      this.#suspended = true;
    },
    ExecutionResumed: (event) => {
      if (this.isOvertaken(event)) return;
      this.#suspended = false;
      this.releaseHeld();
    },
    ExecutionTerminated: (event) => {
      this.#outcome = {
        kind: "terminated",
        ...optional("reason", event.reason),
        recursive: event.recursive ?? false,
      };
      this.#held.length = 0;
    },
    ExecutionRewound: () => {
      // marks where decisions missing from the history before it are made again
    },
    ExecutionBlocked: () => {
      // marks a turn whose events the code had not been given
    },
    ExecutionCompleted: () => {
      // finished executions are not replayed
    },
  };

  private begin(event: ExecutionStarted): void {
    try {
      this.#main = this.run(this.definition.handler(new ExecutionContext(this, event), decode(event.input)));
    } catch (error) {
      const failed = new CompletableTask();
      failed.fail(toError(error), this.order);
      this.#main = failed;
    }
    this.noticeOutcome();
  }

  /** E3. */
  private holdOr(event: HistoryEvent, act: () => void): void {
    if (this.#suspended || this.#awaitingStart) this.#held.push({ event, order: this.order });
    else {
      act();
      this.noticeOutcome();
    }
  }

  private releaseHeld(): void {
    const present = this.order;
    while (!this.#suspended && !this.#awaitingStart && this.#held.length > 0) {
      const held = this.#held.shift();
      if (!held) break;
      this.order = held.order;
      if (held.event.type === "ExecutionStarted") this.begin(held.event);
      else this.dispatch(held.event);
    }
    this.order = present;
  }

  private failTask(event: HistoryEventOf<"TaskFailed" | "SubOrchestrationInstanceFailed">): void {
    const open = this.take(event);
    open?.task.fail(
      new TaskFailedError(`${open.label} failed: ${event.failure.errorMessage}`, event.failure),
      this.order,
    );
  }

  /** Late or duplicate completions find no open task and are ignored. */
  private take(event: Parameters<typeof completedTaskId>[0]): OpenTask | undefined {
    const id = completedTaskId(event);
    const open = this.#open.get(id);
    this.#open.delete(id);
    return open;
  }

  private openTimer(eventId: number): DurableTimer | undefined {
    const task = this.#open.get(eventId)?.task;
    return task instanceof DurableTimer ? task : undefined;
  }

  private noticeOutcome(): void {
    const main = this.#main?.outcome;
    if (main?.status === "failed") this.#outcome = { kind: "failed", failure: toFailure(main.error) };
    else if (this.#continuation) this.#outcome = this.continuedAsNew(this.#continuation);
    else if (main) this.#outcome = completed(main.result);
    if (this.#outcome) for (const { event } of this.#held.splice(0)) this.#unapplied.push(event);
  }

  private continuedAsNew(continuation: {
    input: Payload | undefined;
    preserveEvents: boolean;
  }): ExecutionOutcome {
    return {
      kind: "continuedAsNew",
      ...optional("input", continuation.input),
      carryover: continuation.preserveEvents ? this.mailbox.untaken() : [],
    };
  }

  /** E2. */
  private confirm(event: DecisionEvent): void {
    this.#blocked = this.#decisions.confirm(event);
  }

  /** Ends the turn before: its decisions must all have been recorded, and it must not have ended the execution. */
  private endTurn(lastIndex: number): void {
    this.timers.disarmIdle();
    if (!this.isReplaying || this.#blocked || lastIndex <= this.#lenientUntil) return;
    this.#blocked = this.#decisions.unrecorded();
    if (this.#outcome) {
      this.#blocked ??= nonDeterminism(
        "that the code goes on waiting",
        `the code ended: ${this.#outcome.kind}`,
      );
    }
  }
}

function completed(result: unknown): ExecutionOutcome {
  try {
    return { kind: "completed", ...optional("output", encode(result, "orchestration's result")) };
  } catch (error) {
    return { kind: "failed", failure: toFailure(error) };
  }
}

/** Up to this index decisions may be missing: they are recorded in a later turn, after a rewind or a block. */
function lenientUntil(past: readonly HistoryEvent[]): number {
  return past.findLastIndex(
    (event) => event.type === "ExecutionRewound" || event.type === "ExecutionBlocked",
  );
}
