import { encode } from "../codec";
import { nameOf } from "../definitions";
import { durationMs, isWallClock, momentMs } from "../duration";
import type { Duration, Moment } from "../duration";
import { InvalidArgumentError, TaskTimeoutError } from "../errors";
import { optional } from "../fields";
import type { HistoryEventOf, ParentInstance, Payload } from "../history/events";
import { assertInstanceId, deriveId, uuidV5 } from "../ids";
import type { Logger } from "../logger";
import { RaceTask, TimedTask, WhenAllSettledTask, WhenAllTask, WhenAnyTask } from "../tasks/combinators";
import type { TaskOutcomes, TaskResults } from "../tasks/combinators";
import { mapBounded } from "../tasks/map";
import { checkRetryPolicy, retrying } from "../tasks/retry";
import type { RetryPolicy } from "../tasks/retry";
import { CompletableTask, NeverTask, Task } from "../tasks/task";
import type { OrchestrationGenerator, TaskOutcome } from "../tasks/task";
import type {
  ActivityOptions,
  ContinueAsNewOptions,
  EventOptions,
  MapOptions,
  OrchestrationContext,
  StartDetachedOptions,
  SubOrchestrationOptions,
  TimerOptions,
  TimerTask,
} from "./context";
import type { Execution } from "./execution";
import { seededRandom } from "./random";

type Named = string | { readonly name: string };

/** The namespace Durable Task uses for deterministic GUIDs. */
const GUID_NAMESPACE = "9e952958-5e33-4daf-827f-2fa12937b875";

/** What orchestrator code sees. Checks arguments at this edge and turns calls into decisions of the execution. */
export class ExecutionContext implements OrchestrationContext {
  readonly #execution: Execution;
  readonly #started: HistoryEventOf<"ExecutionStarted">;
  #guids = 0;
  #random: (() => number) | undefined;

  constructor(execution: Execution, started: HistoryEventOf<"ExecutionStarted">) {
    this.#execution = execution;
    this.#started = started;
  }

  get instanceId(): string {
    return this.#execution.instanceId;
  }

  get executionId(): string {
    return this.#started.executionId;
  }

  get name(): string {
    return this.#started.name;
  }

  get version(): string | undefined {
    return this.#started.version;
  }

  get parent(): ParentInstance | undefined {
    return this.#started.parent;
  }

  get tags(): Readonly<Record<string, string>> {
    return this.#started.tags ?? {};
  }

  get historyLength(): number {
    return this.#execution.order + 1;
  }

  get isReplaying(): boolean {
    return this.#execution.isReplaying;
  }

  get currentUtcDateTime(): Date {
    return new Date(this.#execution.now);
  }

  readonly log: Logger = {
    debug: (message, fields) =>
      this.#execution.log({ level: "debug", message, ...optional("fields", fields) }),
    info: (message, fields) => this.#execution.log({ level: "info", message, ...optional("fields", fields) }),
    warn: (message, fields) => this.#execution.log({ level: "warn", message, ...optional("fields", fields) }),
    error: (message, fields) =>
      this.#execution.log({ level: "error", message, ...optional("fields", fields) }),
  };

  callActivity<T>(activity: Named, input?: unknown, options: ActivityOptions = {}): Task<T> {
    const name = nameOf(activity, "The activity name");
    const payload = encode(input, `input of activity '${name}'`);
    const timeoutMs =
      options.timeout === undefined ? undefined : durationMs(options.timeout, "The activity timeout");
    let firstAttemptId: number | undefined;
    const start = (attempt: number): Task<T> => {
      const task = new CompletableTask<T>();
      const eventId = this.#execution.decide(
        () => ({
          type: "TaskScheduled",
          name,
          ...optional("input", payload),
          ...(attempt > 1 ? { attempt } : {}),
          ...optional("firstAttemptId", firstAttemptId),
          ...optional("timeoutMs", timeoutMs),
        }),
        task,
        `Activity '${name}'`,
      );
      firstAttemptId ??= eventId;
      if (timeoutMs === undefined) return task;
      return this.#execution.run(waitFor(this.timed(task, timeoutMs, `Activity '${name}'`)));
    };
    return this.withRetry(options.retry, start);
  }

  callSubOrchestrator<T>(
    orchestration: Named,
    input?: unknown,
    options: SubOrchestrationOptions = {},
  ): Task<T> {
    const name = nameOf(orchestration, "The orchestration name");
    const payload = encode(input, `input of sub-orchestration '${name}'`);
    if (options.instanceId !== undefined) this.checkChildId(options.instanceId);
    const rest = this.startFields(orchestration, payload, options);
    const start = (): Task<T> => {
      const task = new CompletableTask<T>();
      this.#execution.decide(
        (eventId) => ({
          type: "SubOrchestrationInstanceCreated",
          name,
          instanceId: options.instanceId ?? this.idOfStarted(eventId),
          ...rest,
        }),
        task,
        `Sub-orchestration '${name}'`,
      );
      return task;
    };
    return this.withRetry(options.retry, start);
  }

  startDetached(orchestration: Named, input?: unknown, options: StartDetachedOptions = {}): string {
    const { startAt, ifFinished = "replace", notify } = options;
    const name = nameOf(orchestration, "The orchestration name");
    const payload = encode(input, `input of orchestration '${name}'`);
    if (options.instanceId !== undefined) this.checkChildId(options.instanceId);
    if (!["replace", "skip"].includes(ifFinished)) {
      throw new InvalidArgumentError('ifFinished is not known: give "replace" or "skip".');
    }
    const eventName = notify === undefined ? undefined : nameOf(notify, "The event to notify with");
    const details = {
      ...this.startFields(orchestration, payload, options),
      detached: true,
      ...optional("scheduledStartTime", startAt === undefined ? undefined : this.timeOf(startAt, "startAt")),
      ...(ifFinished === "skip" ? ({ onlyNew: true } as const) : {}),
      ...(eventName === undefined ? {} : { notify: { instanceId: this.instanceId, eventName } }),
    } as const;
    let instanceId = "";
    this.#execution.decide(
      (eventId) => {
        instanceId = options.instanceId ?? this.idOfStarted(eventId);
        return { type: "SubOrchestrationInstanceCreated", name, instanceId, ...details };
      },
      undefined,
      `Orchestration '${name}'`,
    );
    return instanceId;
  }

  createTimer(when: Moment, options: TimerOptions = {}): TimerTask {
    return this.#execution.timers.create({
      fireAtMs: this.timeOf(when, "The timer"),
      ...optional("name", options.name),
      ...(isWallClock(when) ? { wallClock: { ...when } } : {}),
    });
  }

  waitForExternalEvent<T>(event: Named, options: EventOptions = {}): Task<T> {
    const name = nameOf(event, "The event name");
    const wait = this.#execution.mailbox.wait(name, this.#execution.now) as Task<T>;
    if (options.timeout === undefined) return wait;
    const timer = this.createTimer(durationMs(options.timeout, `The timeout of event '${name}'`), {
      name: `timeout of event '${name}'`,
    });
    return new TimedTask(wait, timer, { status: "completed", result: undefined } as TaskOutcome<T>);
  }

  sendEvent(instanceId: string, event: Named, payload?: unknown): void {
    assertInstanceId(instanceId);
    const name = nameOf(event, "The event name");
    const input = optional("input", encode(payload, `payload of event '${name}'`));
    this.#execution.decide(() => ({ type: "EventSent", instanceId, name, ...input }), undefined, "Event");
  }

  terminate(instanceId: string, reason?: string): void {
    assertInstanceId(instanceId);
    this.#execution.decide(
      () => ({ type: "TerminationSent", instanceId, ...optional("reason", reason) }),
      undefined,
      "Termination",
    );
  }

  all<const T extends readonly Task<unknown>[]>(tasks: T): Task<TaskResults<T>> {
    return new WhenAllTask<T>(childrenOf(tasks, "all"), this.#execution.order);
  }

  allSettled<const T extends readonly Task<unknown>[]>(tasks: T): Task<TaskOutcomes<T>> {
    return new WhenAllSettledTask<T>(childrenOf(tasks, "allSettled"), this.#execution.order);
  }

  any<const T extends readonly Task<unknown>[]>(tasks: T): Task<T[number]> {
    return new WhenAnyTask(contestants(tasks, "any"));
  }

  race<const T extends readonly Task<unknown>[]>(tasks: T): Task<TaskResults<T>[number]> {
    return new RaceTask<TaskResults<T>[number]>(contestants(tasks, "race"));
  }

  withTimeout<T>(task: Task<T>, timeout: Duration): Task<T> {
    childrenOf([task], "withTimeout");
    return this.timed(task, durationMs(timeout, "The timeout"), "The task");
  }

  run<T>(routine: () => OrchestrationGenerator<T>): Task<T> {
    return this.#execution.run(routine());
  }

  map<TItem, T>(
    items: readonly TItem[],
    body: (item: TItem, index: number) => OrchestrationGenerator<T> | Task<T>,
    options: MapOptions = {},
  ): Task<T[]> {
    const { concurrency = 32 } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new InvalidArgumentError(`map.concurrency is ${concurrency}: give a whole number of 1 or more.`);
    }
    const operations = {
      run: <R>(routine: () => OrchestrationGenerator<R>) => this.run(routine),
      all: <R>(tasks: readonly Task<R>[]): Task<R[]> => this.all<readonly Task<R>[]>(tasks),
    };
    return this.run(() => mapBounded(operations, [...items], body, concurrency));
  }

  continueAsNew(input?: unknown, options: ContinueAsNewOptions = {}): Task<never> {
    this.#execution.continueAsNew(
      encode(input, "input of the next generation"),
      options.preserveUnprocessedEvents ?? true,
    );
    return new NeverTask();
  }

  setCustomStatus(status: unknown): void {
    this.#execution.customStatus = encode(status, "custom status");
  }

  newGuid(): string {
    return uuidV5(`${this.instanceId}_${this.executionId}_${this.#guids++}`, GUID_NAMESPACE);
  }

  random(): number {
    this.#random ??= seededRandom(deriveId(this.executionId, "random"));
    return this.#random();
  }

  private timeOf(when: Moment, what: string): number {
    return momentMs(when, this.#execution.now, what, this.#execution.timeZones);
  }

  /** The id of what a decision starts. */
  private idOfStarted(eventId: number): string {
    return `${this.executionId}:${eventId.toString(16).padStart(4, "0")}`;
  }

  private startFields(
    orchestration: Named,
    input: Payload | undefined,
    options: Pick<SubOrchestrationOptions, "version" | "tags">,
  ): { version?: string; input?: Payload; tags?: Readonly<Record<string, string>> } {
    const version =
      options.version ??
      (typeof orchestration === "string" ? undefined : (orchestration as { version?: string }).version);
    const tags = { ...this.#started.tags, ...options.tags };
    return {
      ...optional("version", version),
      ...optional("input", input),
      ...(Object.keys(tags).length > 0 ? { tags } : {}),
    };
  }

  private withRetry<T>(policy: RetryPolicy | undefined, start: (attempt: number) => Task<T>): Task<T> {
    if (!policy) return start(1);
    const checked = checkRetryPolicy(policy);
    const operations = {
      now: () => this.#execution.now,
      random: () => this.random(),
      sleep: (ms: number) => this.createTimer(ms, { name: "retry" }),
    };
    return this.#execution.run(retrying(operations, checked, start));
  }

  private timed<T>(task: Task<T>, timeoutMs: number, label: string): Task<T> {
    const timer = this.createTimer(timeoutMs, { name: "timeout" });
    const error = new TaskTimeoutError(`${label} did not finish within ${timeoutMs} ms.`);
    return new TimedTask(task, timer, { status: "failed", error });
  }

  private checkChildId(instanceId: string): void {
    assertInstanceId(instanceId);
    if (instanceId === this.instanceId || instanceId === this.#started.parent?.instanceId) {
      throw new InvalidArgumentError(
        `A sub-orchestration cannot have the id '${instanceId}' of ${instanceId === this.instanceId ? "its own parent" : "its parent's parent"}.`,
      );
    }
  }
}

/** Waits for a task whether or not anyone else does. */
function* waitFor<T>(task: Task<T>): OrchestrationGenerator<T> {
  return yield* task;
}

/** A copy of what a composite is made of. @throws InvalidArgumentError when it is not an array of tasks. */
function childrenOf(tasks: unknown, what: string): readonly Task<unknown>[] {
  if (!Array.isArray(tasks))
    throw new InvalidArgumentError(`ctx.${what} takes an array of tasks, not a ${typeof tasks}.`);
  const stranger = tasks.findIndex((task) => !(task instanceof Task));
  if (stranger < 0) return [...(tasks as Task<unknown>[])];
  throw new InvalidArgumentError(
    `ctx.${what} takes tasks of this context, but number ${stranger + 1} of ${tasks.length} is none. Do the work in an activity and pass ctx.callActivity(...).`,
  );
}

function contestants(tasks: unknown, what: string): readonly Task<unknown>[] {
  const children = childrenOf(tasks, what);
  if (children.length > 0) return children;
  throw new InvalidArgumentError(`ctx.${what}([]) would never end: give at least one task.`);
}
