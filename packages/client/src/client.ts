import {
  InstanceAlreadyExistsError,
  assertInstanceId,
  encode,
  nameOf,
  optional,
  systemClock,
} from "@perdure/core";
import type {
  AnyOrchestration,
  Backend,
  Clock,
  DeadLetterStore,
  Finding,
  InputArgs,
  OrchestrationDefinition,
} from "@perdure/core";
import { Connection } from "./connection";
import { HubDeadLetters } from "./dead-letters";
import { doctor } from "./diagnosis/doctor";
import type { DoctorOptions } from "./diagnosis/doctor";
import { explain } from "./diagnosis/explain";
import type { ExplainOptions } from "./diagnosis/explain";
import type { Explanation } from "./diagnosis/explanation";
import { assertInput } from "./input-schema";
import { InstanceHandle } from "./instance-handle";
import { listing } from "./listing";
import type { InstanceListing, ListFilter } from "./listing";
import { purgeMany } from "./purging";
import type { PurgeFilter, PurgeManyOptions, PurgeOptions, PurgeResult } from "./purging";
import type { InstanceSnapshot } from "./snapshot";
import { HubSchedules } from "./schedules";
import { newInstance, reusableStatuses, startMessage } from "./starting";
import type { StartOptions } from "./starting";
import { HubTimers } from "./timers";
import { watchMany } from "./watching";
import type { InstanceChange, WatchManyOptions } from "./watching";

export interface ClientOptions {
  /** Default: the backend's, else the machine's. */
  readonly clock?: Clock;
}

/**
 * Starts, queries and manages the instances of one task hub, with or without a worker in this process.
 *
 * The task hub is created on first use. A client holds nothing open: it has no `stop`, and the backend is its owner's
 * to stop. Any verb may throw StorageUnavailableError or StorageAccessDeniedError.
 */
export class Client {
  /** Messages that could not be processed. */
  readonly deadLetters: DeadLetterStore;
  /** What instances sleep on. */
  readonly timers: HubTimers;
  /** Recurring starts. */
  readonly schedules: HubSchedules;
  readonly #connection: Connection;

  constructor(backend: Backend, options: ClientOptions = {}) {
    this.#connection = new Connection(backend, options.clock ?? backend.clock ?? systemClock);
    this.deadLetters = new HubDeadLetters(this.#connection);
    this.timers = new HubTimers(this.#connection);
    this.schedules = new HubSchedules(this.#connection);
  }

  /**
   * Starts an instance. Resolves once that is durable; no worker needs to run. The input is checked by the schema of the
   * definition, if it has one, before anything is written.
   *
   * @throws InstanceAlreadyExistsError when the id is taken, see `reuse` and `ifExists`; NotSerializableError;
   * PayloadTooLargeError; InvalidArgumentError.
   */
  startNew<TInput, TOutput>(
    orchestration: OrchestrationDefinition<TInput, TOutput>,
    ...args: InputArgs<TInput, StartOptions>
  ): Promise<InstanceHandle<TOutput>>;
  startNew<TOutput = unknown>(
    name: string,
    input?: unknown,
    options?: StartOptions,
  ): Promise<InstanceHandle<TOutput>>;
  async startNew(
    orchestration: string | AnyOrchestration,
    input?: unknown,
    options: StartOptions = {},
  ): Promise<InstanceHandle> {
    const name = nameOf(orchestration, "The orchestration name");
    const version =
      options.version ?? (typeof orchestration === "string" ? undefined : orchestration.version);
    const payload = encode(input, `input of orchestration '${name}'`);
    const now = this.#connection.clock.now();
    const instance = newInstance(name, payload, { ...options, ...optional("version", version) }, now);
    const reusable = reusableStatuses(options);
    if (typeof orchestration !== "string") await assertInput(orchestration, payload);
    const store = await this.#connection.instances();
    try {
      await store.create(startMessage(instance, now), reusable);
    } catch (error) {
      if (options.ifExists !== "attach" || !InstanceAlreadyExistsError.is(error)) throw error;
      return new InstanceHandle(this.#connection, instance.instanceId, false);
    }
    return new InstanceHandle(this.#connection, instance.instanceId, true);
  }

  /**
   * A handle to an instance, without a look whether it exists. The definition gives the output its type and is not
   * compared with what runs under the id.
   *
   * @throws InvalidArgumentError for a bad id.
   */
  instance<TOutput>(
    instanceId: string,
    orchestration: OrchestrationDefinition<never, TOutput>,
  ): InstanceHandle<TOutput>;
  instance<TOutput = unknown>(instanceId: string): InstanceHandle<TOutput>;
  instance(instanceId: string): InstanceHandle {
    assertInstanceId(instanceId);
    return new InstanceHandle(this.#connection, instanceId, false);
  }

  /**
   * An instance as it stands now; `undefined` when there is none.
   *
   * @throws InvalidArgumentError for a bad id.
   */
  async get(instanceId: string): Promise<InstanceSnapshot | undefined> {
    return this.instance(instanceId).tryStatus();
  }

  /**
   * The instances that match, in the order the backend keeps them. Instances started meanwhile may be missing.
   *
   * @throws InvalidArgumentError at once, for a bad filter.
   */
  list(filter: ListFilter = {}): InstanceListing {
    return listing(this.#connection, filter);
  }

  /**
   * What changes of the instances that match, as it is seen by looking at all of them again and again, until the signal
   * aborts. Changes between two looks are told as one. Each look reads as much from storage as `list` does.
   *
   * @throws InvalidArgumentError for a bad filter or interval, at once; when more than 50,000 match, while it is
   * iterated; then also the signal's reason.
   */
  watch(filter: ListFilter = {}, options: WatchManyOptions = {}): AsyncIterable<InstanceChange> {
    return watchMany(this.#connection, filter, options);
  }

  /**
   * As `InstanceHandle.purge`.
   *
   * @throws InvalidArgumentError for a bad id; InvalidInstanceStateError when it has not finished.
   */
  async purge(instanceId: string, options: PurgeOptions = {}): Promise<number> {
    return this.instance(instanceId).purge(options);
  }

  /**
   * Deletes finished instances that match. Safe to repeat, and to run beside workers and other purges.
   *
   * Ends early, without an error, when the time runs out or the signal aborts: the result says where to go on.
   *
   * @throws InvalidArgumentError for a bad filter or option.
   */
  async purgeMany(filter: PurgeFilter, options: PurgeManyOptions = {}): Promise<PurgeResult> {
    return purgeMany(this.#connection, filter, options);
  }

  /**
   * Why an instance does not go on: what it waits for, since when, who owns it, what is wrong and what comes next.
   * Reads only.
   *
   * @throws InstanceNotFoundError; InvalidArgumentError for a bad id or option.
   */
  async explain(instanceId: string, options: ExplainOptions = {}): Promise<Explanation> {
    assertInstanceId(instanceId);
    return explain(this.#connection, instanceId, options);
  }

  /**
   * What is wrong with the hub, as it is found; with `fix` also repaired, which each finding then tells. Nothing comes
   * from a healthy hub. Safe while workers run. Does not create the hub.
   *
   * @throws InvalidArgumentError at once, for a bad option; BackendConfigurationError while it is iterated, when there
   * is no hub.
   */
  doctor(options: DoctorOptions = {}): AsyncIterable<Finding> {
    return doctor(this.#connection, options);
  }
}
