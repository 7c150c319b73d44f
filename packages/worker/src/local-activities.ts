import { Cancellation } from "@perdure/core";
import type { ActivityMessage, Clock, Logger, TaskMessage } from "@perdure/core";
import type { ActivityRunner } from "./activity-runner";
import type { Semaphore } from "./semaphore";

interface Running {
  readonly executionId: string;
  readonly cancellation: Cancellation;
}

export interface LocalActivitiesServices {
  readonly runner: ActivityRunner;
  readonly activitySlots: Semaphore;
  readonly clock: Clock;
  readonly logger: Logger;
}

const ENDED = new Error("The session has ended.");

/** What has not begun by then might begin sooner elsewhere. */
const PATIENCE_MS = 250;

/**
 * The activities one session runs itself. Their results exist only here until a checkpoint takes them, which is why
 * the session is held meanwhile. Those that find no free slot wait a moment for one, and then are handed over to the
 * work-item queue: many short ones cost no message each, and long ones do not keep the others from idle workers.
 */
export class LocalActivities {
  readonly #running = new Map<string, Running>();
  #waiting: ActivityMessage[] = [];
  #results: TaskMessage[] = [];
  /** Nothing may begin here any more. */
  readonly #ended = new Cancellation();
  /** Set while a slot is asked for: gives up the place in the queue. */
  #withdraw: (() => void) | undefined;
  #isWatching = false;
  #isHandingOver = false;

  /**
   * @param handOver Queues activities for any worker.
   * @param onChange Called when there are results to take, or nothing may be outstanding any more.
   */
  constructor(
    private readonly services: LocalActivitiesServices,
    private readonly handOver: (activities: readonly ActivityMessage[]) => Promise<void>,
    private readonly onChange: () => void,
  ) {}

  /** True while the session must be held. */
  get outstanding(): boolean {
    return (
      this.#running.size > 0 || this.#results.length > 0 || this.#waiting.length > 0 || this.#isHandingOver
    );
  }

  get hasResults(): boolean {
    return this.#results.length > 0;
  }

  /** Which of these have code here. */
  claim(activities: readonly ActivityMessage[]): readonly ActivityMessage[] {
    return activities.filter(({ name }) => this.services.runner.knows(name));
  }

  start(activities: readonly ActivityMessage[]): void {
    this.#waiting.push(...activities);
    this.beginOrQueueUp();
    if (this.#waiting.length > 0) void this.handOverTheLate();
  }

  takeResults(): readonly TaskMessage[] {
    const results = this.#results;
    this.#results = [];
    return results;
  }

  /** Results of other executions than `executionId` are no longer waited for; the code runs on unless aborted. */
  letGo(executionId: string | undefined, abort: boolean): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.executionId === executionId);
    if (this.#waiting.length === 0) this.leaveQueue();
    for (const [id, running] of this.#running) {
      if (running.executionId === executionId) continue;
      this.#running.delete(id);
      if (abort) running.cancellation.abort(new Error("The result of this activity is no longer wanted."));
    }
  }

  /** The session is over. */
  end(abort: boolean): void {
    this.letGo(undefined, abort);
    this.#ended.abort(ENDED);
  }

  /** One at a time waits for a slot, so that sessions with many take turns with sessions with few. */
  private beginOrQueueUp(): void {
    const { activitySlots } = this.services;
    while (this.#waiting.length > 0 && activitySlots.tryAcquire()) this.begin();
    if (this.#waiting.length === 0) return;
    this.#withdraw ??= activitySlots.request(() => {
      this.#withdraw = undefined;
      this.begin();
      this.beginOrQueueUp();
    });
  }

  /** With nothing to begin a slot is not asked for. */
  private leaveQueue(): void {
    this.#withdraw?.();
    this.#withdraw = undefined;
  }

  /** Runs the next one, for which a slot has been acquired. */
  private begin(): void {
    const message = this.#waiting.shift();
    if (!message) return;
    const running: Running = { executionId: message.executionId, cancellation: new Cancellation() };
    this.#running.set(message.id, running);
    void this.services.runner.run(message, running.cancellation).then((result) => {
      this.services.activitySlots.release();
      if (this.#running.get(message.id) !== running) return; // let go of meanwhile
      this.#running.delete(message.id);
      this.#results.push(result);
      this.onChange();
    });
  }

  private async handOverTheLate(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    await this.services.clock.sleep(0); // most have begun by then
    while (this.#waiting.length > 0 && !this.#ended.isAborted) {
      await this.services.clock.sleep(PATIENCE_MS, this.#ended.signal);
      const late = this.#waiting.splice(0);
      this.leaveQueue();
      if (late.length > 0) await this.queue(late);
    }
    this.#isWatching = false;
  }

  private async queue(late: readonly ActivityMessage[]): Promise<void> {
    this.#isHandingOver = true;
    try {
      await this.handOver(late);
    } catch (error) {
      if (this.#ended.isAborted) return;
      this.services.logger.warn("Handing over activities failed; they wait here.", { error });
      this.#waiting.push(...late);
      this.beginOrQueueUp();
    } finally {
      this.#isHandingOver = false;
      this.onChange();
    }
  }
}
