import { Cancellation, PayloadTooLargeError, WorkItemLockLostError } from "@perdure/core";
import type { ActivitySource, ActivityWorkItem, Clock, Logger, TaskMessage } from "@perdure/core";
import type { ActivityRunner } from "./activity-runner";
import { linkSignals } from "./linked-signal";
import type { Semaphore } from "./semaphore";
import { retryDelayMs } from "./session-runner";

/** Takes activities from the work-item queue, as many at a time as there are slots, and sends their results. */
export class ActivityDispatcher {
  readonly #running = new Set<Promise<void>>();

  constructor(
    private readonly source: ActivitySource,
    private readonly runner: ActivityRunner,
    private readonly slots: Semaphore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Resolves once `stopping` has aborted and all activities have ended or, after `stopped`, been given back. */
  async run(stopping: AbortSignal, stopped: AbortSignal): Promise<void> {
    while (!stopping.aborted) await this.takeSome(stopping, stopped);
    await Promise.all(this.#running);
  }

  /** Takes as many as there are free slots, and none while there is none: other workers may have one. */
  private async takeSome(stopping: AbortSignal, stopped: AbortSignal): Promise<void> {
    await this.slots.untilFree(stopping);
    if (this.slots.free === 0) return; // somebody else was quicker
    const wanting = linkSignals(stopping, this.slots.exhausted);
    try {
      const items = await this.source.lockNext(this.slots.free, wanting.signal);
      for (const item of items) await this.begin(item, stopping, stopped);
    } catch (error) {
      this.logger.error("Taking activities failed; trying again in a second.", { error });
      await this.clock.sleep(1000, stopping);
    } finally {
      wanting.unlink();
    }
  }

  private async begin(item: ActivityWorkItem, stopping: AbortSignal, stopped: AbortSignal): Promise<void> {
    if (!(await this.slots.acquire(stopping))) {
      await item.abandon(this.clock.now(), "the worker stopped");
      return;
    }
    const handled = this.handle(item, stopped).finally(() => {
      this.slots.release();
      this.#running.delete(handled);
    });
    this.#running.add(handled);
  }

  private async handle(item: ActivityWorkItem, stopped: AbortSignal): Promise<void> {
    const { name, instanceId } = item.message;
    const unwanted = linkSignals(item.lost, stopped);
    const cancellation = new Cancellation();
    void unwanted.aborted.then(() => cancellation.abort(unwanted.signal.reason));
    try {
      const result = await Promise.race([this.runner.run(item.message, cancellation), unwanted.aborted]);
      if (item.lost.aborted) return;
      if (result) await this.complete(item, result);
      else await item.abandon(this.clock.now(), "the worker stopped before the activity had ended");
    } catch (error) {
      if (WorkItemLockLostError.is(error)) return; // it runs elsewhere
      this.logger.error(
        `The result of activity '${name}' of '${instanceId}' could not be sent; it will run again.`,
        {
          error,
        },
      );
      await this.giveBack(item);
    } finally {
      unwanted.unlink();
    }
  }

  /** A result that the backend does not store is a failure, which the orchestration can catch. */
  private async complete(item: ActivityWorkItem, result: TaskMessage): Promise<void> {
    try {
      await item.complete(result);
    } catch (error) {
      if (!PayloadTooLargeError.is(error)) throw error;
      await item.complete(this.runner.failure(item.message, error));
    }
  }

  private async giveBack(item: ActivityWorkItem): Promise<void> {
    try {
      await item.abandon(this.clock.now() + retryDelayMs(item.deliveryCount), "its result could not be sent");
    } catch (error) {
      this.logger.warn(`Could not give back activity '${item.message.name}'; it returns by itself.`, {
        error,
      });
    }
  }
}
