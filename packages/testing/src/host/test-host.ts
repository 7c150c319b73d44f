import {
  InvalidArgumentError,
  assertInstanceId,
  durationMs,
  isTerminal,
  momentMs,
  silentLogger,
} from "@perdure/core";
import type {
  ActivityDefinition,
  ActivityHandler,
  AnyActivity,
  AnyOrchestration,
  Clock,
  Duration,
  EventDefinition,
  HistoryEvent,
  InputArgs,
  Logger,
  OrchestrationDefinition,
} from "@perdure/core";
import type { Client, StartOptions } from "@perdure/client";
import { activityName } from "../hub/activity-bench";
import type { ActivityCall } from "../hub/activity-bench";
import { InstanceBlockedError } from "../hub/errors";
import type { StorageFault } from "../hub/storage-faults";
import { TestHub } from "../hub/test-hub";
import type { WatchedInstance } from "../hub/watched-instance";
import { eventPlan, raiseAt } from "./planned-events";
import type { PlannedEvent } from "./planned-events";

export interface TestHostOptions {
  readonly orchestrations?: readonly AnyOrchestration[];
  readonly activities?: readonly AnyActivity[];
  /** Activities that stand in for others of the same name; see `mockActivity`. */
  readonly mocks?: readonly AnyActivity[];
  /** Whether time skips by itself to what is due next while somebody waits. Default: true. */
  readonly autoAdvance?: boolean;
  /** When time begins. Default: 2030-01-01, midnight UTC. */
  readonly startTime?: Date;
  /** How long after a crash another worker goes on, in virtual time. Default: 1 minute. */
  readonly takeover?: Duration;
  /**
   * How long, in real time, an activity may run with nothing else happening before waits fail with StalledError. When
   * nothing is due at all they fail after a quarter of it. Default: 4 seconds, less than test runners allow.
   */
  readonly patience?: Duration;
  /** Default: silent. */
  readonly logger?: Logger;
}

/** An instance in an argument: by its id, or by a handle to it. */
export type InstanceReference = string | { readonly instanceId: string };

/**
 * A task hub in memory with a worker and a client, on time that skips to what is due next: for tests of orchestrations.
 *
 * Time passes only while somebody waits: `run`, `waitFor`, a wait of the client, `advance`. It stands still while an
 * activity does real work.
 */
export class TestHost {
  /** The client of production, with time that skips. Timeouts of its waits may run up to 5% longer than asked. */
  readonly client: Client;
  /** Virtual time for code of activities and mocks. */
  readonly clock: Clock;
  readonly #hub: TestHub;
  #stopping: Promise<void> | undefined;

  private constructor(hub: TestHub) {
    this.#hub = hub;
    this.client = hub.client;
    this.clock = hub.clock;
  }

  /** @throws DuplicateRegistrationError, InvalidDefinitionError, InvalidArgumentError */
  static async start(options: TestHostOptions = {}): Promise<TestHost> {
    const hub = new TestHub({
      orchestrations: options.orchestrations ?? [],
      activities: options.activities ?? [],
      mocks: options.mocks ?? [],
      autoAdvance: options.autoAdvance ?? true,
      startTime: momentMs(options.startTime ?? new Date(Date.UTC(2030, 0, 1)), 0, "startTime"),
      takeoverMs: durationMs(options.takeover ?? "1m", "takeover"),
      patienceMs: durationMs(options.patience ?? "4s", "patience"),
      logger: options.logger ?? silentLogger,
    });
    await hub.start();
    return new TestHost(hub);
  }

  /** Ends everything, letting activities that run finish. May be called twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#hub.stop();
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  // ── Running ─────────────────────────────────────────────────────────────────────────────────────

  /**
   * Starts an instance and returns its output.
   *
   * @throws OrchestrationFailedError when it fails or is terminated; InstanceBlockedError when its code does not fit
   * its history; StalledError when it waits for what cannot come; and all that `client.startNew` throws.
   */
  async run<TInput, TOutput>(
    orchestration: OrchestrationDefinition<TInput, TOutput>,
    ...args: InputArgs<TInput, StartOptions>
  ): Promise<TOutput> {
    const handle = await this.client.startNew(orchestration, ...args);
    const { status, blocked } = await this.#hub.reached(
      handle.instanceId,
      (instance) => isTerminal(instance.status) || instance.status === "Blocked",
    );
    if (status === "Blocked") throw new InstanceBlockedError(handle.instanceId, blocked);
    return handle.result();
  }

  /**
   * Resolves with the instance at the first commit after which it is as wanted; at once if it is already.
   *
   * @throws NeverReachedError when it ends first; InstanceBlockedError; StalledError; what `isWanted` throws.
   */
  waitFor(
    instance: InstanceReference,
    isWanted: (instance: WatchedInstance) => boolean,
  ): Promise<WatchedInstance> {
    return this.#hub.reached(idOf(instance), isWanted);
  }

  /**
   * Raises an event, once, right after the first commit that leaves the instance as described, before anything else
   * happens to it. Instead of one instance an orchestration can be given: the first of its instances to be so. What
   * `isPoint` throws fails all waits from then on.
   *
   * @throws NotSerializableError, PayloadTooLargeError, InvalidArgumentError
   */
  raiseWhen<TPayload>(
    target: InstanceReference | AnyOrchestration,
    isPoint: (instance: WatchedInstance) => boolean,
    event: EventDefinition<TPayload>,
    ...payload: InputArgs<TPayload, never>
  ): PlannedEvent;
  raiseWhen(
    target: InstanceReference | AnyOrchestration,
    isPoint: (instance: WatchedInstance) => boolean,
    event: string,
    payload?: unknown,
  ): PlannedEvent;
  raiseWhen(
    target: InstanceReference | AnyOrchestration,
    isPoint: (instance: WatchedInstance) => boolean,
    event: string | { readonly name: string },
    payload?: unknown,
  ): PlannedEvent {
    const isTarget = targetOf(target);
    return raiseAt(
      this.#hub,
      eventPlan(event, payload, (instance) => isTarget(instance) && isPoint(instance)),
    );
  }

  /** The committed history of the current generation, oldest event first. */
  history(instance: InstanceReference): Promise<readonly HistoryEvent[]> {
    return this.client.instance(idOf(instance)).history();
  }

  // ── Time ────────────────────────────────────────────────────────────────────────────────────────

  get now(): Date {
    return new Date(this.#hub.time.now());
  }

  /** Lets time pass, with all that is due meanwhile. For `autoAdvance: false`, or when nobody waits. */
  advance(duration: Duration): Promise<void> {
    return this.advanceTo(new Date(this.#hub.time.now() + durationMs(duration, "The duration")));
  }

  /** @throws InvalidArgumentError for a time that has passed, and while time is being advanced. */
  async advanceTo(date: Date): Promise<void> {
    const { time } = this.#hub;
    const until = momentMs(date, 0, "The date");
    if (until < time.now())
      throw new InvalidArgumentError(
        `The date ${date.toISOString()} has passed: it is ${this.now.toISOString()}.`,
      );
    if (time.isAdvancing)
      throw new InvalidArgumentError("Time is being advanced already: await the call before.");
    await this.#hub.untilStalled(time.advanceTo(until));
  }

  /** A sleep in virtual time, for activities and mocks. */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void> {
    return this.clock.sleep(durationMs(duration, "The duration"), signal);
  }

  // ── Activities ──────────────────────────────────────────────────────────────────────────────────

  /** From now on this code runs for the activity, registered or not. */
  mock<TInput, TOutput>(
    activity: ActivityDefinition<TInput, TOutput>,
    handler: ActivityHandler<NoInfer<TInput>, NoInfer<TOutput>>,
  ): void;
  mock<TInput = unknown>(activity: string, handler: ActivityHandler<TInput, unknown>): void;
  mock(activity: string | AnyActivity, handler: AnyActivity["handler"]): void {
    this.#hub.bench.mock(activityName(activity), handler);
  }

  /** From now on the activity returns this. */
  mockReturn<TInput, TOutput>(activity: ActivityDefinition<TInput, TOutput>, output: NoInfer<TOutput>): void;
  mockReturn(activity: string, output: unknown): void;
  mockReturn(activity: string | AnyActivity, output: unknown): void {
    this.#hub.bench.mock(activityName(activity), () => output);
  }

  /** From now on the activity throws this. */
  mockThrow(activity: string | AnyActivity, error: unknown): void {
    this.#hub.bench.mock(activityName(activity), () => {
      throw error;
    });
  }

  /** From now on the activity does not end until it is aborted. Time passes meanwhile. */
  mockNever(activity: string | AnyActivity): void {
    this.#hub.bench.mock(activityName(activity), ({ signal }) => this.#hub.running.asleep(aborted(signal)));
  }

  /** The activity is what was registered again. */
  unmock(activity: string | AnyActivity): void {
    this.#hub.bench.unmock(activityName(activity));
  }

  /** Each run of the activity, or of all activities, in order of their beginning: retries and repeats are runs too. */
  calls<TInput, TOutput>(
    activity: ActivityDefinition<TInput, TOutput>,
  ): readonly ActivityCall<TInput, TOutput>[];
  calls(activity?: string): readonly ActivityCall[];
  calls(activity?: string | AnyActivity): readonly ActivityCall[] {
    return this.#hub.bench.calls(activity === undefined ? undefined : activityName(activity));
  }

  // ── Faults ──────────────────────────────────────────────────────────────────────────────────────

  /**
   * Lets the next operations of this kind fail with StorageUnavailableError.
   *
   * @throws InvalidArgumentError
   */
  failStorage(fault: StorageFault): void {
    this.#hub.faults.add(fault);
  }

  /**
   * The worker dies in the midst of what it does; another one goes on after `takeover`. Code of activities cannot be
   * made to die with it: it is told by its signal, and nobody takes its result.
   */
  crash(): void {
    this.#hub.crash();
  }
}

function idOf(instance: InstanceReference): string {
  const id = typeof instance === "string" ? instance : instance.instanceId;
  assertInstanceId(id);
  return id;
}

function targetOf(target: InstanceReference | AnyOrchestration): (instance: WatchedInstance) => boolean {
  if (typeof target === "object" && "kind" in target) return ({ name }) => name === target.name;
  const id = idOf(target);
  return ({ instanceId }) => instanceId === id;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
}
