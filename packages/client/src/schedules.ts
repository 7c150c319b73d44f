/**
 * Recurring starts. A schedule is an instance of its own in the task hub: any worker keeps it, and it outlives them all.
 * What is asked of it takes effect once a worker has processed it.
 */
import { randomUUID } from "node:crypto";
import {
  InstanceAlreadyExistsError,
  InvalidArgumentError,
  ScheduleAlreadyExistsError,
  ScheduleNotFoundError,
  assertInstanceId,
  assertName,
  decode,
  encode,
  isTerminal,
  nameOf,
  optional,
} from "@perdure/core";
import type { Duration, InstanceStatus, OrchestrationDefinition, RuntimeStatus } from "@perdure/core";
import {
  COMMAND_EVENT,
  LONGEST_INTERVAL,
  RUN_OVERLAP_POLICIES,
  SCHEDULE_NAME,
  durationUpTo,
  jitterOf,
  newSchedule,
  normalizeSpec,
  scheduleInstanceId,
  ticksOf,
} from "@perdure/schedules";
import type {
  RunOverlapPolicy,
  ScheduleCommand,
  ScheduleDecision,
  ScheduleDefinition,
  ScheduleSpec,
  ScheduleState,
  StoredSpec,
} from "@perdure/schedules";
import { FINISHED, assertCount, assertOptionalText, assertTags, timeOf } from "./arguments";
import type { Connection } from "./connection";
import { assertInput } from "./input-schema";
import { startMessage } from "./starting";

/** What can be changed of a schedule. */
export interface ScheduleChanges<TInput = unknown> {
  readonly input?: TInput;
  readonly spec?: ScheduleSpec;
  /** Of each run. It also has `perdure.schedule`, the id, and `perdure.scheduledTime`, the time of its tick. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Recorded with each run. */
  readonly version?: string;
  /**
   * When a run is due and another one has not finished: leave it out (`"skip"`), start it afterwards, one at most
   * (`"bufferOne"`) or each (`"bufferAll"`, up to 1,000), raise an event on the other and start afterwards
   * (`"cancelOther"`), terminate the other (`"terminateOther"`), or run both (`"allowAll"`). Default: `"skip"`.
   */
  readonly overlapPolicy?: RunOverlapPolicy;
  /** Name of the event that `"cancelOther"` raises; its payload is `{ reason }`. Default: `"cancel"`. */
  readonly cancelEvent?: string;
  /** After downtime, ticks older than this are missed and not run. One second to 36,525 days. Default: 1 h. */
  readonly catchUpWindow?: Duration;
  /** Of the others only so many, the last ones, are run. 0: none. Default: 10. */
  readonly maxCatchUp?: number;
  /** How often it starts something at most. Default: no limit. */
  readonly maxRuns?: number;
  /** For people. */
  readonly note?: string;
}

/** What is given is changed. `null` takes away what a schedule can be without. */
export type ScheduleUpdate = Omit<ScheduleChanges, Removable> & {
  readonly [field in Removable]?: ScheduleChanges[field] | null;
};

type Removable = "tags" | "version" | "maxRuns" | "note";

export interface ScheduleOptions<TInput = unknown> extends ScheduleChanges<TInput> {
  /** 1 to 200 characters, of those an instance id may have. Runs are named after it. */
  readonly id: string;
  readonly orchestration: OrchestrationDefinition<TInput, unknown> | string;
  readonly spec: ScheduleSpec;
  /** Whether it waits for `resume` before its first tick. Default: false. */
  readonly paused?: boolean;
}

export interface TriggerOptions {
  /** Default: that of the schedule. */
  readonly overlapPolicy?: RunOverlapPolicy;
}

export interface BackfillOptions extends TriggerOptions {
  /** The first time that may tick. */
  readonly from: Date;
  /** The last time that may tick. */
  readonly to: Date;
}

/** A schedule as it stands. */
export interface ScheduleDescription {
  readonly id: string;
  /** `"ended"`: nothing ticks any more, by its spec or by `maxRuns`. `"stuck"`: its instance is blocked or has failed. */
  readonly status: "active" | "paused" | "ended" | "stuck";
  readonly orchestration: string;
  readonly input?: unknown;
  readonly tags?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly spec: StoredSpec;
  readonly overlapPolicy: RunOverlapPolicy;
  /** Milliseconds. */
  readonly catchUpWindow: number;
  readonly maxCatchUp: number;
  readonly maxRuns?: number;
  readonly note?: string;
  readonly pausedReason?: string;
  readonly createdAt: Date;
  /** When the next runs start, jitter included. */
  readonly nextTimes: readonly Date[];
  /** Instance ids. */
  readonly running: readonly string[];
  readonly buffered: readonly string[];
  readonly counts: ScheduleState["counts"];
  /** The last twenty decisions, newest last. */
  readonly recent: readonly (Omit<ScheduleDecision, "at" | "nominal"> & {
    readonly at: Date;
    readonly scheduledTime: Date;
  })[];
}

const LONGEST_ID = 200;
const MOST_BACKFILLED = 10_000;
const MOST_CAUGHT_UP = 10_000;
const PAGE_SIZE = 100;

/** The schedules of a task hub. */
export class HubSchedules {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Resolves once the schedule is durable. Its first tick is the first after now. The input of its runs is checked as
   * that of `startNew`.
   *
   * @throws ScheduleAlreadyExistsError, InvalidArgumentError, NotSerializableError, PayloadTooLargeError
   */
  async create<TInput>(options: ScheduleOptions<TInput>): Promise<ScheduleHandle> {
    const { id, orchestration, spec, paused = false, ...changes } = options;
    assertScheduleId(id);
    const now = this.#connection.clock.now();
    const version =
      changes.version ?? (typeof orchestration === "string" ? undefined : orchestration.version);
    const stored = normalizeSpec(spec);
    assertTicks(id, stored, now);
    const definition: ScheduleDefinition = {
      ...{ id, orchestration: nameOf(orchestration, "The orchestration name"), spec: stored },
      ...{ overlapPolicy: "skip", cancelEvent: "cancel", catchUpWindow: 3_600_000, maxCatchUp: 10 },
      ...definitionChanges({ ...changes, ...optional("version", version) }),
    };
    const input = encode(newSchedule(definition, now, paused), `definition of schedule '${id}'`);
    if (typeof orchestration !== "string")
      await assertInput(orchestration, encode(changes.input, `input of schedule '${id}'`));
    const instance = { instanceId: scheduleInstanceId(id), name: SCHEDULE_NAME, ...optional("input", input) };
    const store = await this.#connection.instances();
    try {
      await store.create(startMessage(instance, now), FINISHED);
    } catch (error) {
      throw InstanceAlreadyExistsError.is(error) ? new ScheduleAlreadyExistsError(id) : error;
    }
    return new ScheduleHandle(this.#connection, id);
  }

  /**
   * A handle, without a look whether there is such a schedule.
   *
   * @throws InvalidArgumentError for a bad id.
   */
  get(id: string): ScheduleHandle {
    assertScheduleId(id);
    return new ScheduleHandle(this.#connection, id);
  }

  /** All schedules, in the order the backend keeps them. */
  list(): AsyncIterable<ScheduleDescription> {
    return { [Symbol.asyncIterator]: () => this.descriptions() };
  }

  private async *descriptions(): AsyncGenerator<ScheduleDescription, undefined> {
    const store = await this.#connection.instances();
    let token: string | undefined;
    do {
      const page = await store.query({
        name: SCHEDULE_NAME,
        includePayloads: true,
        pageSize: PAGE_SIZE,
        ...optional("continuationToken", token),
      });
      token = page.continuationToken;
      for (const status of page.instances) {
        const description = describe(status, this.#connection.clock.now(), 1);
        if (description) yield description;
      }
    } while (token !== undefined);
    return undefined;
  }
}

/** One schedule, addressed by its id. Every verb may throw ScheduleNotFoundError. */
export class ScheduleHandle {
  readonly id: string;
  readonly #connection: Connection;

  constructor(connection: Connection, id: string) {
    this.#connection = connection;
    this.id = id;
  }

  /** @param nextTimes How many times to come to tell, 0 to 1,000. Default: 5. */
  async describe({ nextTimes = 5 }: { readonly nextTimes?: number } = {}): Promise<ScheduleDescription> {
    assertCount(nextTimes, "nextTimes", 1000, 0);
    const description = describe(await this.find(), this.#connection.clock.now(), nextTimes);
    if (!description) throw new ScheduleNotFoundError(this.id);
    return description;
  }

  /** It starts nothing until `resume`. What runs goes on. */
  async pause(reason?: string): Promise<void> {
    assertOptionalText(reason, "The reason");
    await this.tell({ kind: "pause", ...optional("reason", reason) });
  }

  /** What would have been started while it was paused is not. */
  async resume(): Promise<void> {
    await this.tell({ kind: "resume" });
  }

  /** Starts a run now, whether paused or not. */
  async trigger({ overlapPolicy }: TriggerOptions = {}): Promise<void> {
    const id = randomUUID().slice(0, 8);
    await this.tell({ kind: "trigger", id, ...optional("overlapPolicy", policyOf(overlapPolicy)) });
  }

  /**
   * Starts the runs of a range of times, by the spec as it is then. Times whose run is still there are left out.
   *
   * @throws InvalidArgumentError for a range the wrong way round, or with more than 10,000 ticks.
   */
  async backfill({ from, to, overlapPolicy }: BackfillOptions): Promise<void> {
    const [start, end] = [timeOf(from, "from") - 1, timeOf(to, "to")];
    if (end <= start) throw new InvalidArgumentError("from is after to: no tick can be between. Swap them.");
    const { spec, overlapPolicy: own } = await this.describe({ nextTimes: 0 });
    if (ticksOf(spec).between(start, end, MOST_BACKFILLED + 1).length > MOST_BACKFILLED) {
      throw new InvalidArgumentError(
        `The range has more than ${MOST_BACKFILLED} ticks: give a shorter one, and the rest afterwards.`,
      );
    }
    await this.tell({
      kind: "backfill",
      from: start,
      to: end,
      overlapPolicy: policyOf(overlapPolicy) ?? own,
    });
  }

  /**
   * Changes what is given and leaves the rest. With another spec its next tick is the first after now; whatever has
   * been started stays started once.
   *
   * @throws InvalidArgumentError, NotSerializableError
   */
  async update(changes: ScheduleUpdate): Promise<void> {
    const checked = definitionChanges(changes);
    if (checked.spec) assertTicks(this.id, checked.spec, this.#connection.clock.now());
    if (Object.keys(checked).length === 0)
      throw new InvalidArgumentError("There is nothing to change: give a field.");
    await this.tell({ kind: "update", changes: checked });
  }

  /** Ends the schedule. What runs goes on; its id is free again once a worker has processed this. */
  async delete(): Promise<void> {
    const { status } = await this.find();
    const store = await this.#connection.instances();
    if (status === "Failed") await store.purge(scheduleInstanceId(this.id));
    else if (status === "Blocked" || status === "Suspended") await this.terminate();
    else await this.tell({ kind: "delete" });
  }

  /** Ends a schedule whose code cannot run. */
  private async terminate(): Promise<void> {
    const store = await this.#connection.instances();
    const timestamp = this.#connection.clock.now();
    await store.send({
      id: randomUUID(),
      instanceId: scheduleInstanceId(this.id),
      event: { type: "ExecutionTerminated", timestamp, reason: "The schedule was deleted." },
    });
  }

  private async tell(command: ScheduleCommand): Promise<void> {
    await this.find();
    const store = await this.#connection.instances();
    await store.send({
      id: randomUUID(),
      instanceId: scheduleInstanceId(this.id),
      event: {
        type: "EventRaised",
        timestamp: this.#connection.clock.now(),
        name: COMMAND_EVENT,
        ...optional("input", encode(command, `command for schedule '${this.id}'`)),
      },
    });
  }

  private async find(): Promise<InstanceStatus> {
    const status = await (await this.#connection.instances()).get(scheduleInstanceId(this.id));
    if (!status || isGone(status.status)) throw new ScheduleNotFoundError(this.id);
    return status;
  }
}

/** Nothing of a schedule that has been deleted. */
function describe(status: InstanceStatus, now: number, count: number): ScheduleDescription | undefined {
  if (isGone(status.status)) return undefined;
  const state = decode(status.customStatus ?? status.input) as ScheduleState;
  const { id, spec, maxRuns, cancelEvent: _cancelEvent, ...definition } = state.definition;
  const hasRunsLeft = maxRuns === undefined || state.counts.started < maxRuns;
  const next =
    hasRunsLeft && !state.paused
      ? ticksOf(spec).upcoming(Math.max(now, state.cursor), Math.max(count, 1))
      : [];
  return {
    ...definition,
    ...{ id, spec, ...optional("maxRuns", maxRuns) },
    status: statusOf(status.status, state, next.length > 0),
    ...optional("pausedReason", state.paused?.reason),
    createdAt: new Date(state.createdAt),
    nextTimes: startsOf(id, next.slice(0, count), spec.jitter ?? 0),
    running: state.running.map(({ instanceId }) => instanceId),
    buffered: state.buffer.map(({ instanceId }) => instanceId),
    counts: state.counts,
    recent: state.recent.map(({ at, nominal, ...rest }) => ({
      ...rest,
      at: new Date(at),
      scheduledTime: new Date(nominal),
    })),
  };
}

/** None starts before the one whose turn was before. */
function startsOf(id: string, ticks: readonly number[], jitter: number): readonly Date[] {
  let last = Number.NEGATIVE_INFINITY;
  return ticks.map((tick) => new Date((last = Math.max(last, tick + jitterOf(id, tick, jitter)))));
}

function statusOf(
  status: RuntimeStatus,
  { paused }: ScheduleState,
  hasNext: boolean,
): ScheduleDescription["status"] {
  if (status === "Blocked" || status === "Failed" || status === "Suspended") return "stuck";
  if (paused) return "paused";
  return hasNext ? "active" : "ended";
}

function isGone(status: RuntimeStatus): boolean {
  return isTerminal(status) && status !== "Failed";
}

/** @throws InvalidArgumentError, NotSerializableError */
function definitionChanges(given: ScheduleUpdate): Partial<ScheduleDefinition> {
  const removed = Object.entries(given).filter(([field, value]) => value === null && isRemovable(field));
  const changes = Object.fromEntries(
    Object.entries(given).filter(([field, value]) => value !== null || !isRemovable(field)),
  ) as ScheduleChanges;
  const { input, spec, tags, version, overlapPolicy, cancelEvent, catchUpWindow, maxCatchUp, maxRuns, note } =
    changes;
  const known = [
    "input",
    "spec",
    "tags",
    "version",
    "overlapPolicy",
    "cancelEvent",
    "catchUpWindow",
    "maxCatchUp",
    "maxRuns",
    "note",
  ];
  const unknown = Object.keys(changes).find((field) => !known.includes(field));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`A schedule has no '${unknown}': give any of ${known.join(", ")}.`);
  if (tags !== undefined) assertTags(tags);
  if (version !== undefined) assertName(version, "The version");
  assertOptionalText(note, "The note");
  if (maxRuns !== undefined) assertCount(maxRuns, "maxRuns", Number.MAX_SAFE_INTEGER);
  if (maxCatchUp !== undefined) assertCount(maxCatchUp, "maxCatchUp", MOST_CAUGHT_UP, 0);
  encode(input, "input of the schedule");
  return {
    ...Object.fromEntries(removed),
    ...optional("input", input),
    ...optional("spec", spec && normalizeSpec(spec)),
    ...optional("tags", tags && { ...tags }),
    ...optional("version", version),
    ...optional("overlapPolicy", policyOf(overlapPolicy)),
    ...optional(
      "cancelEvent",
      cancelEvent === undefined ? undefined : nameOf(cancelEvent, "The cancel event"),
    ),
    ...optional("catchUpWindow", catchUpWindow === undefined ? undefined : windowOf(catchUpWindow)),
    ...optional("maxCatchUp", maxCatchUp),
    ...optional("maxRuns", maxRuns),
    ...optional("note", note),
  };
}

const REMOVABLE: readonly string[] = ["tags", "version", "maxRuns", "note"] satisfies readonly Removable[];

function isRemovable(field: string): boolean {
  return REMOVABLE.includes(field);
}

const LEAST_WINDOW_MS = 1000;

/** @throws InvalidArgumentError for more than a century, and less than what a busy worker may be late by. */
function windowOf(duration: Duration): number {
  const window = durationUpTo(LONGEST_INTERVAL, duration, "catchUpWindow");
  if (window >= LEAST_WINDOW_MS) return window;
  throw new InvalidArgumentError(
    `catchUpWindow is ${window} ms, by which any tick may be late: give ${LEAST_WINDOW_MS} ms or more, and maxCatchUp 0 to make up for none.`,
  );
}

/** @throws InvalidArgumentError when no time to come is a tick. */
function assertTicks(id: string, spec: StoredSpec, now: number): void {
  if (ticksOf(spec).next(now) !== undefined) return;
  throw new InvalidArgumentError(`The schedule '${id}' would never tick: its spec names no time to come.`);
}

function policyOf(policy: RunOverlapPolicy | undefined): RunOverlapPolicy | undefined {
  if (policy === undefined || RUN_OVERLAP_POLICIES.includes(policy)) return policy;
  throw new InvalidArgumentError(
    `overlapPolicy is '${policy}': give one of ${RUN_OVERLAP_POLICIES.join(", ")}.`,
  );
}

function assertScheduleId(id: unknown): asserts id is string {
  assertInstanceId(id);
  if (id.length > LONGEST_ID)
    throw new InvalidArgumentError(`The schedule id has ${id.length} characters: give 1 to ${LONGEST_ID}.`);
}
