import type { ActivityDefinition, EventDefinition, InputArgs, OrchestrationDefinition } from "../definitions";
import type { Duration, Moment } from "../duration";
import type { ParentInstance, TerminalStatus } from "../history/events";
import type { Logger } from "../logger";
import type { TaskOutcomes, TaskResults } from "../tasks/combinators";
import type { RetryPolicy } from "../tasks/retry";
import type { OrchestrationGenerator, Task } from "../tasks/task";

export interface ActivityOptions {
  readonly retry?: RetryPolicy;
  /** Longest time from scheduling an attempt to its result. When it runs out the attempt fails with TaskTimeoutError. */
  readonly timeout?: Duration;
}

export interface SubOrchestrationOptions {
  /** Default: derived from the parent's execution and the call, so that a replay finds the same child. */
  readonly instanceId?: string;
  readonly version?: string;
  /** Default: the parent's tags. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly retry?: RetryPolicy;
}

export interface StartDetachedOptions {
  /** Default: derived from this execution and the call. */
  readonly instanceId?: string;
  /** No code of it runs before. Default: at once. */
  readonly startAt?: Moment;
  readonly version?: string;
  /** Default: those of this instance. */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * What becomes of a finished instance of that id: it is replaced, or nothing is started. An instance that has not
   * finished is never replaced. Default: `"replace"`.
   */
  readonly ifFinished?: "replace" | "skip";
  /**
   * An event this instance gets, in whatever generation, when the other one has finished or could not be started. Its
   * payload is `CompletionReport`.
   */
  readonly notify?: EventDefinition<CompletionReport> | string;
}

/** How an orchestration ended that was started with `notify`; `NotStarted`: its id was taken. */
export interface CompletionReport {
  readonly instanceId: string;
  readonly status: TerminalStatus | "NotStarted";
}

export interface EventOptions {
  /** How long to wait at most. */
  readonly timeout?: Duration;
}

export interface TimerOptions {
  /** Shown to operators. */
  readonly name?: string;
}

export interface ContinueAsNewOptions {
  /** Whether events nobody has taken are handed to the next generation, in order. Default: true. */
  readonly preserveUnprocessedEvents?: boolean;
}

export interface MapOptions {
  /** How many items are worked on at a time, 1 or more. Default: 32. */
  readonly concurrency?: number;
}

/** A durable timer. */
export interface TimerTask extends Task<void> {
  readonly fireAt: Date;
  readonly isCancelled: boolean;
  /** Removes the timer; whoever waits for it gets TaskCancelledError. Does nothing once it has fired. */
  cancel(): void;
}

/** What an orchestrator may do. Every member is deterministic under replay. */
export interface OrchestrationContext {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  /** The version the instance was started with. */
  readonly version: string | undefined;
  readonly parent: ParentInstance | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /**
   * How many events the history of this generation has. Long before it is ten thousand, think of `continueAsNew`: every
   * cold start reads them all.
   */
  readonly historyLength: number;
  /** True while the code is being brought back to where it stood. */
  readonly isReplaying: boolean;
  /** Time of the current turn: the same until the next wait, never going back. A copy at each read. */
  readonly currentUtcDateTime: Date;
  /** Writes only what is reached for the first time, once the turn is durable. */
  readonly log: Logger;

  /**
   * Schedules an activity when called, awaited or not.
   *
   * The task fails with TaskFailedError, or TaskTimeoutError. Throws NotSerializableError, InvalidArgumentError.
   */
  callActivity<TInput, TOutput>(
    activity: ActivityDefinition<TInput, TOutput>,
    ...args: InputArgs<TInput, ActivityOptions>
  ): Task<TOutput>;
  callActivity<TOutput = unknown>(name: string, input?: unknown, options?: ActivityOptions): Task<TOutput>;

  /**
   * Starts another orchestration as a child. The task fails with TaskFailedError when it fails, is terminated, or its
   * explicit id is in use by a running instance.
   */
  callSubOrchestrator<TInput, TOutput>(
    orchestration: OrchestrationDefinition<TInput, TOutput>,
    ...args: InputArgs<TInput, SubOrchestrationOptions>
  ): Task<TOutput>;
  callSubOrchestrator<TOutput = unknown>(
    name: string,
    input?: unknown,
    options?: SubOrchestrationOptions,
  ): Task<TOutput>;

  /**
   * Starts an orchestration that goes its own way: it is no child, and outlives this instance. Returns its id.
   *
   * @throws InvalidArgumentError, NotSerializableError
   */
  startDetached<TInput>(
    orchestration: OrchestrationDefinition<TInput, unknown>,
    ...args: InputArgs<TInput, StartDetachedOptions>
  ): string;
  startDetached(name: string, input?: unknown, options?: StartDetachedOptions): string;

  /**
   * A timer of any length: until a date, for a duration, or until clocks at some place show a time, which is looked up
   * again before it fires. Past dates fire at once. Operators can list, move, fire and cancel it.
   *
   * A timer that lost a race is removed from storage and armed again if it is waited for later.
   *
   * @throws InvalidArgumentError for an invalid moment.
   */
  createTimer(when: Moment, options?: TimerOptions): TimerTask;

  /**
   * Waits for an event by name, case-insensitively. It takes the oldest event nobody has taken, also one raised
   * before the wait, and only while something waits for it. With a timeout the result is `undefined` when it runs out.
   */
  waitForExternalEvent<TPayload>(
    event: EventDefinition<TPayload>,
    options: EventOptions & { readonly timeout: Duration },
  ): Task<TPayload | undefined>;
  waitForExternalEvent<TPayload>(event: EventDefinition<TPayload>, options?: EventOptions): Task<TPayload>;
  waitForExternalEvent<TPayload = unknown>(
    name: string,
    options: EventOptions & { readonly timeout: Duration },
  ): Task<TPayload | undefined>;
  waitForExternalEvent<TPayload = unknown>(name: string, options?: EventOptions): Task<TPayload>;

  /** Raises an event on another instance, or this one. Does not wait; an instance that does not exist never gets it. */
  sendEvent<TPayload>(
    instanceId: string,
    event: EventDefinition<TPayload>,
    ...args: InputArgs<TPayload, never>
  ): void;
  sendEvent(instanceId: string, name: string, payload?: unknown): void;

  /** Terminates another instance. Does not wait; one that does not exist or has finished is left as it is. */
  terminate(instanceId: string, reason?: string): void;

  /** All results in argument order; fails with the first failure in history order. */
  all<const T extends readonly Task<unknown>[]>(tasks: T): Task<TaskResults<T>>;
  /** How every task ended; never fails. */
  allSettled<const T extends readonly Task<unknown>[]>(tasks: T): Task<TaskOutcomes<T>>;
  /** The first task to end, successful or not, by history order. @throws InvalidArgumentError for an empty list. */
  any<const T extends readonly Task<unknown>[]>(tasks: T): Task<T[number]>;
  /** Result or failure of the first task to end, by history order. @throws InvalidArgumentError for an empty list. */
  race<const T extends readonly Task<unknown>[]>(tasks: T): Task<TaskResults<T>[number]>;
  /** Fails with TaskTimeoutError when `task` has not ended in time. */
  withTimeout<T>(task: Task<T>, timeout: Duration): Task<T>;
  /** Runs a generator concurrently with the caller. */
  run<T>(routine: () => OrchestrationGenerator<T>): Task<T>;
  /** Runs `body` for every item, a bounded number at a time; results in item order. */
  map<TItem, T>(
    items: readonly TItem[],
    body: (item: TItem, index: number) => OrchestrationGenerator<T> | Task<T>,
    options?: MapOptions,
  ): Task<T[]>;

  /**
   * Ends this generation at its next wait or return, and starts the next one with a fresh history and this input.
   * Write `return yield* ctx.continueAsNew(input)`.
   */
  continueAsNew(input?: unknown, options?: ContinueAsNewOptions): Task<never>;
  /** Shown to clients with the status. `undefined` removes it. @throws NotSerializableError */
  setCustomStatus(status: unknown): void;
  /** A UUID that is the same on replay and differs at each call. */
  newGuid(): string;
  /** A number from 0 up to 1 that is the same on replay. Not for secrets. */
  random(): number;
}
