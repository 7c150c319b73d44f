/**
 * Takes one session through its turns: load, turn, checkpoint, run the activities kept here, next turn, until nothing
 * is left to wait for; then release. Failure has two ways out: the lock is lost and everything is dropped, or the
 * session is abandoned and its messages come back later.
 */
import { LiveInstance, WorkItemLockLostError, isTerminal, outboxOf, runTurn } from "@perdure/core";
import type {
  ActivityMessage,
  Checkpoint,
  Clock,
  InstanceStore,
  Logger,
  OrchestrationSession,
  Registry,
  Turn,
} from "@perdure/core";
import type { ActivityRunner } from "./activity-runner";
import type { LiveInstances } from "./live-instances";
import { LocalActivities } from "./local-activities";
import type { Semaphore } from "./semaphore";
import type { TimerLateness } from "./timer-lateness";

export interface SessionServices {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instances: InstanceStore;
  readonly runner: ActivityRunner;
  readonly activitySlots: Semaphore;
  readonly turnSlots: Semaphore;
  readonly live: LiveInstances;
  readonly lateness: TimerLateness;
  /** Aborts when the worker stops: finish what runs, take nothing new. */
  readonly stopping: AbortSignal;
  /** Aborts when the time to finish is over. */
  readonly stopped: AbortSignal;
  /** Called when either aborts. */
  readonly stopListeners: Set<() => void>;
}

/**
 * Messages for an instance that has not started are given this many deliveries, a minute and a half, to be overtaken by
 * its start: an owner that dies with the start in hand keeps it hidden for about a minute. A start that clients know to
 * be on its way is waited for as long as the backend delivers.
 */
const DELIVERIES_BEFORE_START = 8;
const MAX_RETRY_DELAY_MS = 30_000;

export function retryDelayMs(deliveryCount: number): number {
  return Math.min(1000 * 2 ** Math.min(deliveryCount - 1, 10), MAX_RETRY_DELAY_MS);
}

export class SessionRunner {
  readonly #local: LocalActivities;
  #instance: LiveInstance | undefined;
  #begun = false;
  #holdsTurn = true;
  /** Ends the wait for work. */
  #wake: (() => void) | undefined;
  /** Set while the backend is asked to tell of messages. */
  #awaited: Promise<void> | undefined;

  /** The caller has acquired a turn slot for the session's first turn; it is given back here. */
  constructor(
    private readonly session: OrchestrationSession,
    private readonly services: SessionServices,
  ) {
    this.#local = new LocalActivities(
      services,
      (activities) => session.handOver(activities),
      () => this.#wake?.(),
    );
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      while (await this.step());
    } catch (error) {
      await this.giveUp(error);
    } finally {
      this.#local.end(this.session.isLost || this.services.stopped.aborted);
      this.endTurn();
    }
  }

  /** One turn, or one wait for the next. False when the session has ended. */
  private async step(): Promise<boolean> {
    const { session, services } = this;
    if (session.isLost) return false;
    if (!this.#begun) this.#instance = await this.bringUp(); // what is taken then came before the read
    this.#begun = true;
    const messages = [
      ...this.#local.takeResults(),
      ...(services.stopping.aborted ? [] : session.takeMessages()),
    ];
    if (messages.length > 0) {
      const instance = (this.#instance ??= await this.bringUp());
      const now = services.clock.now();
      services.lateness.note(messages, now);
      const turn = runTurn(instance, messages, now);
      if (turn.checkpoint) await this.commit(instance, turn, turn.checkpoint);
      if (turn.undeliverable && !instance.state) return this.refuse();
      return true;
    }
    if (this.#local.outstanding) {
      await this.waitForWork();
      if (!services.stopped.aborted) return true;
      await session.abandon(services.clock.now(), "the worker stopped before its activities had ended");
      return false;
    }
    await this.release();
    return false;
  }

  private async bringUp(): Promise<LiveInstance> {
    const { session, services } = this;
    const cached = services.live.take(session.instanceId);
    if (cached && session.attach(cached.version)) return cached.instance;
    return new LiveInstance(services.registry, session.instanceId, await session.load());
  }

  private async commit(instance: LiveInstance, turn: Turn, checkpoint: Checkpoint): Promise<void> {
    const { state } = checkpoint;
    const claimed = this.claim(checkpoint);
    await this.session.checkpoint({
      ...checkpoint,
      localActivities: new Set(claimed.map(({ taskScheduledId }) => taskScheduledId)),
    });
    this.report(instance, turn);
    this.#local.letGo(
      isTerminal(state.status) ? undefined : state.executionId,
      state.status === "Terminated",
    );
    this.#local.start(claimed);
    if (!instance.isHot) this.#instance = undefined; // terminal or blocked: judged anew from storage, if ever
  }

  /** Activities of this turn to run here; a stopping worker leaves them to others, a finished instance waits for none. */
  private claim({ state, events }: Checkpoint): readonly ActivityMessage[] {
    if (this.services.stopping.aborted || isTerminal(state.status)) return [];
    const { carriedOutbox: _ofFormerGenerations, ...own } = state;
    return this.#local.claim(outboxOf(own, events).activities);
  }

  private report(instance: LiveInstance, turn: Turn): void {
    const { logger } = this.services;
    const fields = { instanceId: instance.instanceId, orchestration: instance.state?.name };
    for (const entry of turn.logs) logger[entry.level](entry.message, { ...fields, ...entry.fields });
    const { status, blocked } = turn.checkpoint?.state ?? {};
    if (status === "Blocked")
      logger.error(`Instance '${instance.instanceId}' is blocked: ${blocked?.message}`, fields);
  }

  /** Waits for results, for messages unless the worker stops, and for the end of the worker. */
  private async waitForWork(): Promise<void> {
    this.endTurn();
    const { stopped, stopping, stopListeners, turnSlots } = this.services;
    if (!stopping.aborted) this.askForMessages();
    if (!this.#local.hasResults && !stopped.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#wake = undefined;
          stopListeners.delete(wake);
          resolve();
        };
        this.#wake = wake;
        stopListeners.add(wake);
      });
    }
    this.#holdsTurn = await turnSlots.acquire(stopped);
  }

  /** One question at a time; it stays open until it is answered or the session ends. */
  private askForMessages(): void {
    if (this.#awaited) return;
    const answered = (): void => {
      this.#awaited = undefined;
      this.#wake?.();
    };
    this.#awaited = this.session.waitForMessages().then(answered, answered);
  }

  private async release(): Promise<void> {
    const instance = this.#instance;
    const { version } = this.session;
    await this.session.release();
    if (instance?.isHot && version) this.services.live.keep({ instance, version });
  }

  private async refuse(): Promise<false> {
    const { session, services } = this;
    if (
      session.deliveryCount >= DELIVERIES_BEFORE_START &&
      !(await services.instances.get(session.instanceId))
    ) {
      await session.deadLetter(`There is no instance '${session.instanceId}'.`);
    } else {
      await session.abandon(
        services.clock.now() + retryDelayMs(session.deliveryCount),
        "the instance has not started",
      );
    }
    return false;
  }

  private async giveUp(error: unknown): Promise<void> {
    const { session, services } = this;
    if (WorkItemLockLostError.is(error)) {
      services.logger.debug(`Lost instance '${session.instanceId}': ${error.message}`);
      return; // another owner has it now
    }
    const reason = error instanceof Error ? error.message : String(error);
    services.logger.error(`A turn of '${session.instanceId}' failed and will be tried again: ${reason}`, {
      error,
    });
    try {
      await session.abandon(services.clock.now() + retryDelayMs(session.deliveryCount), reason);
    } catch (abandonError) {
      services.logger.warn(`Could not give back '${session.instanceId}'; it returns by itself.`, {
        error: abandonError,
      });
    }
  }

  private endTurn(): void {
    if (this.#holdsTurn) this.services.turnSlots.release();
    this.#holdsTurn = false;
  }
}
