/**
 * What instances sleep on, and how an operator changes it. Whatever is asked for here becomes a fact in the instance's
 * history once a worker has processed it.
 */
import { randomUUID } from "node:crypto";
import {
  InstanceNotFoundError,
  START_TIMER_ID,
  TimerNotFoundError,
  assertInstanceId,
  isTerminal,
  momentMs,
  optional,
  pendingTimers,
} from "@perdure/core";
import type { InstanceStatus, MessageEvent, Moment, TimerFacts, WallClock } from "@perdure/core";
import { timeZones } from "@perdure/schedules";
import { assertFilledText, assertOptionalText, timeOf } from "./arguments";
import type { Connection } from "./connection";

/** A timer that has neither fired nor been cancelled. */
export interface PendingTimer extends TimerReference {
  readonly executionId: string;
  /** Of the orchestration. */
  readonly orchestration: string;
  /** `"start"`: the instance itself begins then. */
  readonly kind: "timer" | "start";
  readonly fireAt: Date;
  readonly createdAt: Date;
  /** Given by the code: `ctx.createTimer(when, { name })`. */
  readonly name?: string;
  /** The time on the wall it waits for; `fireAt` is when clocks will show it, by what is known today. */
  readonly wallClock?: WallClock;
}

/** Which timer is meant. With `executionId` only that of this generation, which is safer. */
export interface TimerReference {
  readonly instanceId: string;
  /** Unique within a generation of an instance. */
  readonly timerId: number;
  readonly executionId?: string;
}

export interface TimerFilter {
  /** Exclusive. Default: all. */
  readonly dueBefore?: Date;
  readonly instanceIdPrefix?: string;
  /** Exact name of the orchestration. */
  readonly orchestration?: string;
}

const PAGE_SIZE = 100;

/** The pending timers of a task hub. */
export class HubTimers {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Timers of all instances that match, instance by instance; those of one instance in the order they are due.
   *
   * @throws InvalidArgumentError at once, for a bad filter.
   */
  list({ dueBefore, instanceIdPrefix, orchestration }: TimerFilter = {}): AsyncIterable<PendingTimer> {
    const before = dueBefore === undefined ? Number.POSITIVE_INFINITY : timeOf(dueBefore, "dueBefore");
    if (instanceIdPrefix !== undefined) assertFilledText(instanceIdPrefix, "instanceIdPrefix");
    if (orchestration !== undefined) assertFilledText(orchestration, "orchestration");
    const conditions = {
      nextTimerBefore: Number.isFinite(before) ? before : LAST_MOMENT,
      ...optional("instanceIdPrefix", instanceIdPrefix),
      ...optional("name", orchestration),
    };
    return { [Symbol.asyncIterator]: () => this.timers(conditions, before) };
  }

  /**
   * The timers one instance waits for, in the order they are due.
   *
   * @throws InstanceNotFoundError
   */
  async of(instanceId: string): Promise<readonly PendingTimer[]> {
    assertInstanceId(instanceId);
    return this.pendingTimersOf(instanceId);
  }

  private async pendingTimersOf(instanceId: string): Promise<readonly PendingTimer[]> {
    const store = await this.#connection.instances();
    for (;;) {
      const status = await store.get(instanceId);
      if (!status) throw new InstanceNotFoundError(instanceId);
      if (isTerminal(status.status)) return [];
      const history = await store.getHistory(instanceId);
      const isSame = (await store.get(instanceId))?.executionId === status.executionId;
      if (isSame) return inOrder(history.length > 0 ? pendingTimers(history) : startTimer(status), status);
    }
  }

  /**
   * Lets a timer fire now.
   *
   * @throws InstanceNotFoundError, TimerNotFoundError
   */
  async fire(timer: TimerReference, reason?: string): Promise<void> {
    const { executionId, updatedAt } = await this.find(timer, reason);
    // A time that is past by the worker's clock too.
    await this.sendMove(timer, executionId, Math.min(updatedAt, this.now()), reason);
  }

  /**
   * Lets a timer fire at another time: earlier, later, or at once when that is past. A moved timer goes by that moment
   * and by no wall clock.
   *
   * @throws InstanceNotFoundError, TimerNotFoundError, InvalidArgumentError for an invalid moment.
   */
  async move(timer: TimerReference, when: Moment, reason?: string): Promise<void> {
    const fireAt = momentMs(when, this.now(), "when", timeZones);
    const { executionId } = await this.find(timer, reason);
    await this.sendMove(timer, executionId, fireAt, reason);
  }

  /**
   * Cancels a timer: whoever waits for it gets TaskCancelledError. An instance whose start is cancelled is terminated.
   *
   * @throws InstanceNotFoundError, TimerNotFoundError
   */
  async cancel(timer: TimerReference, reason?: string): Promise<void> {
    const { executionId } = await this.find(timer, reason);
    const { timerId } = timer;
    const why = optional("reason", reason);
    const timestamp = this.now();
    if (timerId === START_TIMER_ID) {
      const text = reason ?? "Its delayed start was cancelled.";
      await this.send(timer, undefined, { type: "ExecutionTerminated", timestamp, reason: text });
    } else await this.send(timer, executionId, { type: "TimerCancelled", timestamp, timerId, ...why });
  }

  private async sendMove(
    timer: TimerReference,
    executionId: string,
    fireAt: number,
    reason: string | undefined,
  ): Promise<void> {
    const { timerId } = timer;
    const why = optional("reason", reason);
    await this.send(timer, executionId, {
      type: "TimerMoved",
      timestamp: this.now(),
      timerId,
      fireAt,
      ...why,
    });
  }

  private async send(
    { instanceId }: TimerReference,
    executionId: string | undefined,
    event: MessageEvent,
  ): Promise<void> {
    const store = await this.#connection.instances();
    await store.send({ id: randomUUID(), instanceId, ...optional("executionId", executionId), event });
  }

  private async find(
    { instanceId, timerId, executionId }: TimerReference,
    reason: string | undefined,
  ): Promise<{ executionId: string; updatedAt: number }> {
    assertOptionalText(reason, "The reason");
    const timer = (await this.of(instanceId)).find((one) => one.timerId === timerId);
    if (!timer || (executionId !== undefined && executionId !== timer.executionId))
      throw new TimerNotFoundError(instanceId, timerId);
    return { executionId: timer.executionId, updatedAt: timer.createdAt.getTime() };
  }

  private async *timers(conditions: Conditions, before: number): AsyncGenerator<PendingTimer, undefined> {
    const store = await this.#connection.instances();
    let token: string | undefined;
    do {
      const page = await store.query({
        ...conditions,
        pageSize: PAGE_SIZE,
        ...optional("continuationToken", token),
      });
      token = page.continuationToken;
      for (const { instanceId, name } of page.instances) {
        if (name.startsWith("@")) continue; // schedules tell themselves when they tick
        for (const timer of await this.timersOf(instanceId)) if (timer.fireAt.getTime() < before) yield timer;
      }
    } while (token !== undefined);
    return undefined;
  }

  /** None of an instance that has been purged meanwhile. */
  private async timersOf(instanceId: string): Promise<readonly PendingTimer[]> {
    try {
      return await this.of(instanceId);
    } catch (error) {
      if (InstanceNotFoundError.is(error)) return [];
      throw error;
    }
  }

  private now(): number {
    return this.#connection.clock.now();
  }
}

interface Conditions {
  readonly nextTimerBefore: number;
  readonly instanceIdPrefix?: string;
  readonly name?: string;
}

/** Later ones are listed by instance only. */
const LAST_MOMENT = Date.UTC(9999, 11, 31);

/** Of an instance no worker has seen yet. */
function startTimer({ createdAt, scheduledStartTime }: InstanceStatus): readonly TimerFacts[] {
  if (scheduledStartTime === undefined || scheduledStartTime <= createdAt) return [];
  return [{ timerId: START_TIMER_ID, createdAt, fireAt: scheduledStartTime }];
}

function inOrder(
  timers: readonly TimerFacts[],
  { instanceId, executionId, name: orchestration }: InstanceStatus,
): readonly PendingTimer[] {
  return [...timers]
    .sort((a, b) => a.fireAt - b.fireAt || a.timerId - b.timerId)
    .map(({ timerId, fireAt, createdAt, name, wallClock }) => ({
      instanceId,
      executionId,
      timerId,
      orchestration,
      kind: timerId === START_TIMER_ID ? "start" : "timer",
      fireAt: new Date(fireAt),
      createdAt: new Date(createdAt),
      ...optional("name", name),
      ...optional("wallClock", wallClock),
    }));
}
