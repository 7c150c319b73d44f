/**
 * One instance, addressed by its id. A handle holds no resource and may outlive the instance.
 *
 * H1 A verb looks at the instance first, so that a missing or finished one is reported here and not in a dead letter.
 * H2 What a verb sends takes effect when a worker has processed it; the verb resolves once the message is durable.
 */
import { randomUUID } from "node:crypto";
import {
  InstanceNotFoundError,
  InvalidInstanceStateError,
  OrchestrationFailedError,
  assertInstanceId,
  assertName,
  encode,
  isTerminal,
  nameOf,
  optional,
} from "@perdure/core";
import type {
  EventDefinition,
  FailureDetails,
  HistoryEvent,
  InputArgs,
  InstanceStatus,
  MessageEvent,
  RuntimeStatus,
} from "@perdure/core";
import { FINISHED, assertOptionalText } from "./arguments";
import type { Connection } from "./connection";
import { isFinished, purgeTree } from "./purging";
import type { PurgeOptions } from "./purging";
import { toSnapshot } from "./snapshot";
import type { InstanceSnapshot } from "./snapshot";
import { newInstanceId, startMessage } from "./starting";
import { waitUntil } from "./waiting";
import type { Goal, WaitOptions } from "./waiting";
import { watchInstance } from "./watching";
import type { WatchOptions } from "./watching";

const STARTED: Goal = {
  what: "started",
  admits: (status) => status !== "Pending",
  isReached: ({ status }) => status !== "Pending",
};

export interface TerminateOptions {
  /** Whether running sub-orchestrations are terminated too. Default: false. */
  readonly recursive?: boolean;
}

export interface RaiseEventOptions {
  /**
   * Says which event it is: one that comes again with the same id has no effect, as long as the instance runs. (After
   * continue-as-new it remembers the last 256.) 1 to 256 characters. Default: random.
   */
  readonly eventId?: string;
  /** Only for this generation of the instance. Default: for whichever runs. */
  readonly executionId?: string;
}

export interface RestartOptions {
  /** True: a random id. False: the same id, which must have finished. A string: that id. Default: true. */
  readonly newInstanceId?: boolean | string;
}

/**
 * One instance. Got from `Client.startNew` or `Client.instance`.
 *
 * Messages to an instance take effect when a worker has processed them: after `terminate` resolves the instance is
 * still running for a moment. Any verb may also throw StorageUnavailableError or StorageAccessDeniedError.
 */
export class InstanceHandle<TOutput = unknown> {
  readonly instanceId: string;
  /** True when the call that returned this handle created the instance. */
  readonly created: boolean;
  readonly #connection: Connection;
  /** The failed execution this handle has asked to rewind: its end is not the end that is waited for. */
  #rewoundExecutionId: string | undefined;

  constructor(connection: Connection, instanceId: string, created: boolean) {
    this.#connection = connection;
    this.instanceId = instanceId;
    this.created = created;
  }

  /** @throws InstanceNotFoundError */
  async status(): Promise<InstanceSnapshot<TOutput>> {
    return toSnapshot(await this.find());
  }

  /** As `status`, but `undefined` when there is no such instance. */
  async tryStatus(): Promise<InstanceSnapshot<TOutput> | undefined> {
    const status = await (await this.#connection.instances()).get(this.instanceId);
    return status && toSnapshot(status);
  }

  /**
   * The committed events of the current generation, oldest first; empty until a worker has taken the instance.
   * Payloads in it are JSON text, times are milliseconds since the epoch.
   *
   * @throws InstanceNotFoundError
   */
  async history(): Promise<readonly HistoryEvent[]> {
    const history = await (await this.#connection.instances()).getHistory(this.instanceId);
    if (history.length === 0) await this.find();
    return history;
  }

  /**
   * Raises an external event. The instance keeps it until it is waited for, by name, case-insensitively.
   *
   * @throws InstanceNotFoundError, InvalidInstanceStateError when it has finished or is of another generation,
   * NotSerializableError, PayloadTooLargeError, InvalidArgumentError for a bad name or id.
   */
  raiseEvent<TPayload>(
    event: EventDefinition<TPayload>,
    ...args: InputArgs<TPayload, RaiseEventOptions>
  ): Promise<void>;
  raiseEvent(name: string, payload?: unknown, options?: RaiseEventOptions): Promise<void>;
  async raiseEvent(
    event: string | EventDefinition<unknown>,
    payload?: unknown,
    options: RaiseEventOptions = {},
  ): Promise<void> {
    const name = nameOf(event, "The event name");
    if (options.eventId !== undefined) assertName(options.eventId, "The event id");
    const input = encode(payload, `payload of event '${name}'`);
    await this.tell(
      { type: "EventRaised", timestamp: this.now(), name, ...optional("input", input) },
      options,
    );
  }

  /**
   * Ends the instance with status Terminated; the reason becomes its failure message. Again while it still runs is
   * harmless.
   *
   * @throws InstanceNotFoundError, InvalidInstanceStateError when it has finished.
   */
  async terminate(reason?: string, options: TerminateOptions = {}): Promise<void> {
    assertOptionalText(reason, "The reason");
    await this.tell({
      type: "ExecutionTerminated",
      timestamp: this.now(),
      ...optional("reason", reason),
      ...(options.recursive ? { recursive: true } : {}),
    });
  }

  /**
   * Holds the instance: events and results are kept and none of its code runs until `resume`. Activities that run go on.
   *
   * @throws InstanceNotFoundError, InvalidInstanceStateError when it has finished.
   */
  async suspend(reason?: string): Promise<void> {
    assertOptionalText(reason, "The reason");
    await this.tell({ type: "ExecutionSuspended", timestamp: this.now(), ...optional("reason", reason) });
  }

  /**
   * Lets a suspended or blocked instance go on. Harmless for others that run.
   *
   * @throws InstanceNotFoundError, InvalidInstanceStateError when it has finished.
   */
  async resume(reason?: string): Promise<void> {
    assertOptionalText(reason, "The reason");
    await this.tell({ type: "ExecutionResumed", timestamp: this.now(), ...optional("reason", reason) });
  }

  /**
   * Lets a failed instance go on from before what made it fail: activities and sub-orchestrations that failed run
   * again. Waits of this handle then wait for the new end.
   *
   * @throws InstanceNotFoundError, InvalidInstanceStateError unless it is Failed.
   */
  async rewind(reason?: string): Promise<void> {
    assertOptionalText(reason, "The reason");
    const { status, executionId } = await this.find();
    if (status !== "Failed") {
      throw this.refusal(
        status,
        "only a failed instance can be rewound. Restart it to run it again from the start.",
      );
    }
    await this.send({ type: "ExecutionRewound", timestamp: this.now(), ...optional("reason", reason) });
    this.#rewoundExecutionId = executionId;
  }

  /**
   * Starts an instance with this one's name, version, tags and current input, at once and without its parent.
   *
   * @throws InstanceNotFoundError; InvalidInstanceStateError when the same id is asked for and has not finished;
   * InstanceAlreadyExistsError when another id is and is in use.
   */
  async restart({ newInstanceId: target = true }: RestartOptions = {}): Promise<InstanceHandle<TOutput>> {
    const instanceId = typeof target === "string" ? target : target ? newInstanceId() : this.instanceId;
    assertInstanceId(instanceId);
    const { status, name, version, input, tags } = await this.find();
    if (instanceId === this.instanceId && !isTerminal(status)) {
      throw this.refusal(
        status,
        "its id is in use. Wait for its end, terminate it, or restart it under a new id.",
      );
    }
    const instance = {
      instanceId,
      name,
      ...optional("version", version),
      ...optional("input", input),
      ...optional("tags", tags),
    };
    await (await this.#connection.instances()).create(startMessage(instance, this.now()), FINISHED);
    return new InstanceHandle(this.#connection, instanceId, true);
  }

  /**
   * Deletes the finished instance with all it has in storage. `recursive` takes along the sub-orchestrations its
   * current history tells of, if all of them have finished. Returns how many instances were deleted, or would be; 0
   * when there is no such instance.
   *
   * @throws InvalidInstanceStateError when one has not finished; nothing was deleted.
   */
  async purge({ recursive = false, dryRun = false }: PurgeOptions = {}): Promise<number> {
    const store = await this.#connection.instances();
    if (recursive) return purgeTree(store, this.instanceId, dryRun);
    if (dryRun) return (await isFinished(store, this.instanceId, undefined)) ? 1 : 0;
    return (await store.purge(this.instanceId)) ? 1 : 0;
  }

  /**
   * Resolves once the instance is no longer Pending.
   *
   * @throws InstanceNotFoundError, WaitTimeoutError, the signal's reason.
   */
  async waitForStart(options: WaitOptions = {}): Promise<InstanceSnapshot<TOutput>> {
    return toSnapshot(await waitUntil(this.#connection, this.instanceId, STARTED, options));
  }

  /**
   * Resolves once the instance is Completed, Failed or Terminated. Lasts through continue-as-new, and through reuse
   * of the id when the former end was not seen in time. An instance that is Blocked or Suspended is waited for.
   *
   * @throws InstanceNotFoundError, also when it is purged meanwhile; WaitTimeoutError; the signal's reason.
   */
  async waitForCompletion(options: WaitOptions = {}): Promise<InstanceSnapshot<TOutput>> {
    return toSnapshot(await this.untilFinished(options));
  }

  /**
   * Waits for completion and returns the output.
   *
   * @throws OrchestrationFailedError when it failed or was terminated, and all that `waitForCompletion` throws.
   */
  async result(options: WaitOptions = {}): Promise<TOutput> {
    const status = await this.untilFinished(options);
    if (status.status === "Failed" || status.status === "Terminated") {
      throw new OrchestrationFailedError(
        this.instanceId,
        status.status,
        status.failure ?? unknownFailure(status.status),
      );
    }
    return toSnapshot<TOutput>(status).output as TOutput;
  }

  /**
   * The instance as it stands, and again each time something of it has changed; ends when it has finished. Changes that
   * follow each other fast are told as one.
   *
   * @throws InstanceNotFoundError, also when it is purged meanwhile; the signal's reason.
   */
  watch({ signal }: WatchOptions = {}): AsyncIterable<InstanceSnapshot<TOutput>> {
    return {
      [Symbol.asyncIterator]: () => watchInstance<TOutput>(this.#connection, this.instanceId, signal),
    };
  }

  private untilFinished(options: WaitOptions): Promise<InstanceStatus> {
    const finished: Goal = {
      what: "finished",
      admits: isTerminal,
      isReached: ({ status, executionId }) => isTerminal(status) && executionId !== this.#rewoundExecutionId,
    };
    return waitUntil(this.#connection, this.instanceId, finished, options);
  }

  /** H1 */
  private async tell(
    event: MessageEvent,
    { eventId = randomUUID(), executionId }: RaiseEventOptions = {},
  ): Promise<void> {
    const found = await this.find();
    if (isTerminal(found.status))
      throw this.refusal(found.status, "it takes no more messages. Restart it, or start another instance.");
    if (executionId !== undefined && executionId !== found.executionId)
      throw this.refusal(found.status, "it is not of the generation that was meant. Look at it again.");
    await this.send(event, eventId, executionId);
  }

  private async send(event: MessageEvent, id: string = randomUUID(), executionId?: string): Promise<void> {
    const store = await this.#connection.instances();
    await store.send({ id, instanceId: this.instanceId, ...optional("executionId", executionId), event });
  }

  private async find(): Promise<InstanceStatus> {
    const status = await (await this.#connection.instances()).get(this.instanceId);
    if (!status) throw new InstanceNotFoundError(this.instanceId);
    return status;
  }

  private refusal(status: RuntimeStatus, explanation: string): InvalidInstanceStateError {
    return new InvalidInstanceStateError(this.instanceId, status, explanation);
  }

  private now(): number {
    return this.#connection.clock.now();
  }
}

function unknownFailure(status: "Failed" | "Terminated"): FailureDetails {
  return { errorType: status, errorMessage: "no reason is stored." };
}
