import {
  InstanceNotFoundError,
  OrchestrationFailedError,
  WaitTimeoutError,
  assertInstanceId,
  durationMs,
} from "@perdure/core";
import type { Duration, HistoryEvent } from "@perdure/core";
import type {
  DoctorOptions,
  ExplainOptions,
  InstanceFilter,
  ListFilter,
  PurgeFilter,
  PurgeManyOptions,
  PurgeResult,
  RestartOptions,
  StartOptions,
  TerminateOptions,
  WaitOptions,
} from "@perdure/client";
import type { ExplanationDetails, FindingDetails } from "../contract/diagnosis";
import type { EventUrl } from "../contract/event-urls";
import type { HealthReport } from "../contract/health";
import { IDEMPOTENCY_HEADER } from "../contract/instances";
import type { InstanceChange, InstanceDetails, PurgeOutcome, StartedInstance } from "../contract/instances";
import { ManagementDeadLetters } from "./dead-letters";
import { listing } from "./pages";
import type { Listing } from "./pages";
import { instancePath, nameSegment } from "./paths";
import { purgeMany } from "./purging";
import { durationQuery, filterQuery, statusesQuery, tagQuery } from "./queries";
import { ManagementSchedules } from "./schedules";
import { ManagementTimers } from "./timers";
import { Transport } from "./transport";
import type { ManagementClientOptions } from "./transport";

export interface StartRequest extends StartOptions {
  /** A repeat with the same key starts nothing, and is answered as the first. Not together with `reuse`. */
  readonly idempotencyKey?: string;
}

export interface RaiseEventRequest {
  /** A repeat with the same key raises nothing. */
  readonly idempotencyKey?: string;
}

export interface GetOptions {
  /** Default: true. */
  readonly showInput?: boolean;
  /** With `historyEvents`, as Durable Functions shows them. Default: false. */
  readonly showHistory?: boolean;
  /** Results within them, too. Default: false. */
  readonly showHistoryOutput?: boolean;
}

export interface ChangeFilter extends InstanceFilter, Pick<ListFilter, "status"> {
  /** `"all"`: first every instance that matches. Default: `"now"`, only what changes. */
  readonly since?: "now" | "all";
  readonly signal?: AbortSignal;
}

export interface EventUrlRequest {
  readonly payload?: unknown;
  /** Default: 7 d. */
  readonly expiresIn?: Duration;
  /** What the page asks whoever follows the link. */
  readonly title?: string;
}

/** How long one request waits for the end of an instance. */
const LONGEST_WAIT_MS = 30_000;

/**
 * Operates a task hub through its management API, with the verbs and the errors of `Client`. Any verb may also throw
 * ManagementApiError, and StorageUnavailableError when the server cannot reach its storage.
 */
export class ManagementClient {
  /** What instances sleep on. */
  readonly timers: ManagementTimers;
  /** Recurring starts. */
  readonly schedules: ManagementSchedules;
  /** Messages that could not be processed. */
  readonly deadLetters: ManagementDeadLetters;
  readonly #transport: Transport;

  /** @throws InvalidArgumentError for a bad URL or timeout. */
  constructor(options: ManagementClientOptions) {
    this.#transport = new Transport(options);
    this.timers = new ManagementTimers(this.#transport);
    this.schedules = new ManagementSchedules(this.#transport);
    this.deadLetters = new ManagementDeadLetters(this.#transport);
  }

  /** @throws InstanceAlreadyExistsError, InvalidArgumentError, NotSerializableError, PayloadTooLargeError */
  async start(name: string, input?: unknown, options: StartRequest = {}): Promise<StartedInstance> {
    const { instanceId, startAt, delay, tags, version, reuse, ifExists, idempotencyKey } = options;
    if (instanceId !== undefined) assertInstanceId(instanceId);
    const target = instanceId === undefined ? "" : `/${encodeURIComponent(instanceId)}`;
    const answer = await this.#transport.request<StartedInstance>(
      "POST",
      `/orchestrators/${nameSegment(name, "The orchestration name")}${target}`,
      {
        body: input,
        query: {
          ...{ version, ifExists, tag: tagQuery(tags), startAt: startAt?.toISOString() },
          delay: durationQuery(delay, "delay"),
          reuse: reuse && (reuse.length === 0 ? "None" : reuse.join(",")),
        },
        headers: keyHeader(idempotencyKey),
      },
    );
    return answer.body;
  }

  /** `undefined` when there is no such instance. @throws InvalidArgumentError for a bad id. */
  async get(instanceId: string, options: GetOptions = {}): Promise<InstanceDetails | undefined> {
    try {
      const query = { ...options };
      return (await this.#transport.request<InstanceDetails>("GET", instancePath(instanceId), { query }))
        .body;
    } catch (error) {
      if (InstanceNotFoundError.is(error)) return undefined;
      throw error;
    }
  }

  /** The instances that match, in the order the backend keeps them. */
  list({ status, includePayloads, ...filter }: ListFilter = {}): Listing<InstanceDetails> {
    return listing(this.#transport, "/instances", {
      ...filterQuery(filter),
      runtimeStatus: statusesQuery(status),
      showInput: includePayloads,
    });
  }

  /**
   * The committed events of the current generation, oldest first. Payloads in it are JSON text, times are milliseconds
   * since the epoch.
   *
   * @throws InstanceNotFoundError
   */
  async history(instanceId: string): Promise<readonly HistoryEvent[]> {
    const path = `${instancePath(instanceId)}/history`;
    return (await this.#transport.request<{ readonly events: readonly HistoryEvent[] }>("GET", path)).body
      .events;
  }

  /**
   * Resolves once the instance is Completed, Failed or Terminated.
   *
   * @throws InstanceNotFoundError, WaitTimeoutError, the signal's reason.
   */
  async waitForCompletion(instanceId: string, options: WaitOptions = {}): Promise<InstanceDetails> {
    const { timeout, signal } = options;
    const path = `${instancePath(instanceId)}/result`;
    let leftMs = timeout === undefined ? Number.POSITIVE_INFINITY : durationMs(timeout, "timeout");
    for (;;) {
      const waitMs = Math.min(leftMs, LONGEST_WAIT_MS);
      const query = { timeout: `${waitMs}ms` };
      const { status, body } = await this.#transport.request<InstanceDetails>("GET", path, {
        ...{ query, waitMs, signal },
      });
      if (status === 200) return body;
      leftMs -= waitMs;
      if (leftMs <= 0) throw timedOut(body);
    }
  }

  /**
   * Waits for completion and returns the output; `null` when there is none.
   *
   * @throws OrchestrationFailedError when it failed or was terminated, and all that `waitForCompletion` throws.
   */
  async result(instanceId: string, options: WaitOptions = {}): Promise<unknown> {
    const { runtimeStatus, output, failure } = await this.waitForCompletion(instanceId, options);
    if (runtimeStatus !== "Failed" && runtimeStatus !== "Terminated") return output;
    const unknown = { errorType: runtimeStatus, errorMessage: "no reason is stored." };
    throw new OrchestrationFailedError(instanceId, runtimeStatus, failure ?? unknown);
  }

  /**
   * An instance as it stands, and again each time its status or custom status changes; ends when it has finished.
   *
   * @throws InstanceNotFoundError, the signal's reason.
   */
  async *watch(
    instanceId: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<InstanceDetails, undefined> {
    for await (const change of this.feed(`${instancePath(instanceId)}/changes`, { signal })) {
      if (change.kind === "gone") throw new InstanceNotFoundError(instanceId);
      yield change.instance;
    }
    return undefined;
  }

  /** What changes of the instances that match, until the signal aborts. @throws InvalidArgumentError, its reason. */
  changes({ status, since, signal, ...filter }: ChangeFilter = {}): AsyncIterable<InstanceChange> {
    const query = { ...filterQuery(filter), runtimeStatus: statusesQuery(status), since };
    return { [Symbol.asyncIterator]: () => this.feed("/changes", { query, signal }) };
  }

  /** @throws InstanceNotFoundError, InvalidInstanceStateError when it has finished, InvalidArgumentError */
  async raiseEvent(
    instanceId: string,
    name: string,
    payload?: unknown,
    options: RaiseEventRequest = {},
  ): Promise<void> {
    const path = `${instancePath(instanceId)}/raiseEvent/${nameSegment(name, "The event name")}`;
    await this.#transport.request("POST", path, {
      body: payload,
      headers: keyHeader(options.idempotencyKey),
    });
  }

  /** @throws InstanceNotFoundError, InvalidInstanceStateError when it has finished. */
  async terminate(instanceId: string, reason?: string, { recursive }: TerminateOptions = {}): Promise<void> {
    const query = { reason, recursive };
    await this.#transport.request("POST", `${instancePath(instanceId)}/terminate`, { query });
  }

  /** @throws InstanceNotFoundError, InvalidInstanceStateError when it has finished. */
  async suspend(instanceId: string, reason?: string): Promise<void> {
    await this.#transport.request("POST", `${instancePath(instanceId)}/suspend`, { query: { reason } });
  }

  /** @throws InstanceNotFoundError, InvalidInstanceStateError when it has finished. */
  async resume(instanceId: string, reason?: string): Promise<void> {
    await this.#transport.request("POST", `${instancePath(instanceId)}/resume`, { query: { reason } });
  }

  /** @throws InstanceNotFoundError, InvalidInstanceStateError unless it is Failed. */
  async rewind(instanceId: string, reason?: string): Promise<void> {
    await this.#transport.request("POST", `${instancePath(instanceId)}/rewind`, { query: { reason } });
  }

  /** @throws InstanceNotFoundError, InvalidInstanceStateError, InstanceAlreadyExistsError */
  async restart(instanceId: string, { newInstanceId }: RestartOptions = {}): Promise<StartedInstance> {
    const query =
      typeof newInstanceId === "string" ? { newInstanceId } : { restartWithNewInstanceId: newInstanceId };
    const path = `${instancePath(instanceId)}/restart`;
    return (await this.#transport.request<StartedInstance>("POST", path, { query })).body;
  }

  /**
   * Deletes a finished instance; resolves with how many were deleted, 0 when there is none. With `dryRun` nothing is,
   * and it resolves with how many would be.
   *
   * @throws InvalidInstanceStateError when one has not finished; nothing was deleted.
   */
  async purge(
    instanceId: string,
    options: { readonly recursive?: boolean; readonly dryRun?: boolean } = {},
  ): Promise<number> {
    try {
      const query = { ...options };
      const answer = await this.#transport.request<PurgeOutcome>("DELETE", instancePath(instanceId), {
        query,
      });
      return answer.body.instancesMatched ?? answer.body.instancesDeleted;
    } catch (error) {
      if (InstanceNotFoundError.is(error)) return 0;
      throw error;
    }
  }

  /** How many finished instances match: what `purgeMany` would delete. @throws InvalidArgumentError */
  async countPurgeable(filter: PurgeFilter): Promise<number> {
    return (await purgeMany(this.#transport, filter, {}, true)).purged;
  }

  /** Deletes finished instances that match. Safe to repeat. @throws InvalidArgumentError */
  async purgeMany(
    filter: PurgeFilter,
    options: Omit<PurgeManyOptions, "concurrency"> = {},
  ): Promise<Omit<PurgeResult, "skipped">> {
    return purgeMany(this.#transport, filter, options, false);
  }

  /**
   * A URL that raises an event, once and until it expires, for whoever has it: for a mail to a person.
   *
   * @throws InstanceNotFoundError, InvalidInstanceStateError when it has finished, InvalidArgumentError
   */
  async createEventUrl(
    instanceId: string,
    eventName: string,
    request: EventUrlRequest = {},
  ): Promise<EventUrl> {
    const path = `${instancePath(instanceId)}/eventUrls/${nameSegment(eventName, "The event name")}`;
    return (await this.#transport.request<EventUrl>("POST", path, { body: request })).body;
  }

  /**
   * Why an instance does not go on: what it waits for, since when, who owns it, what is wrong and what comes next.
   *
   * @throws InstanceNotFoundError
   */
  async explain(instanceId: string, { grace }: ExplainOptions = {}): Promise<ExplanationDetails> {
    const path = `${instancePath(instanceId)}/explain`;
    const query = { grace: durationQuery(grace, "grace") };
    return (await this.#transport.request<ExplanationDetails>("GET", path, { query })).body;
  }

  /** Looks for troubles of the hub, and with `fix` repairs what it safely can. Ends with the signal's reason. */
  async *doctor({ fix, grace, limit, signal }: DoctorOptions = {}): AsyncGenerator<
    FindingDetails,
    undefined
  > {
    const method = fix ? "POST" : "GET"; // what changes nothing is for readers, too
    const query = { grace: durationQuery(grace, "grace"), limit };
    for await (const { event, data } of this.#transport.stream(method, "/doctor", { query, signal })) {
      if (event === "finding") yield JSON.parse(data) as FindingDetails;
    }
    return undefined;
  }

  /** Whether the server can do its work: it reaches its storage, and what else it was told to look at. */
  async ready(): Promise<HealthReport> {
    return (await this.#transport.request<HealthReport>("GET", "/health/ready", { expected: [503] })).body;
  }

  private async *feed(
    path: string,
    options: Parameters<Transport["stream"]>[2],
  ): AsyncGenerator<InstanceChange, undefined> {
    for await (const { event, data } of this.#transport.stream("GET", path, options)) {
      if (event === "change" || event === "gone") yield JSON.parse(data) as InstanceChange;
    }
    return undefined;
  }
}

function keyHeader(key: string | undefined): Readonly<Record<string, string>> {
  return key === undefined ? {} : { [IDEMPOTENCY_HEADER]: key };
}

function timedOut({ instanceId, runtimeStatus }: InstanceDetails): WaitTimeoutError {
  return new WaitTimeoutError(
    `Instance '${instanceId}' has not finished in time: it is ${runtimeStatus} and goes on. Wait again, or longer.`,
  );
}
