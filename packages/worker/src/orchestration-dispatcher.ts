import type { OrchestrationSource } from "@perdure/core";
import { SessionRunner } from "./session-runner";
import type { SessionServices } from "./session-runner";

/** Takes sessions as they come, with a bounded number of turns at a time. Sessions that only wait take no slot. */
export class OrchestrationDispatcher {
  readonly #running = new Set<Promise<void>>();

  constructor(
    private readonly source: OrchestrationSource,
    private readonly services: SessionServices,
  ) {}

  /** Resolves once `stopping` has aborted and every session has ended. */
  async run(): Promise<void> {
    const { stopping } = this.services;
    while (!stopping.aborted) await this.takeOne(stopping);
    await Promise.all(this.#running);
  }

  private async takeOne(stopping: AbortSignal): Promise<void> {
    const { turnSlots, clock, logger } = this.services;
    if (!(await turnSlots.acquire(stopping))) return;
    try {
      const session = await this.source.lockNext(stopping);
      if (!session) {
        turnSlots.release();
        return;
      }
      const ended = new SessionRunner(session, this.services)
        .run()
        .finally(() => this.#running.delete(ended));
      this.#running.add(ended);
    } catch (error) {
      turnSlots.release();
      logger.error("Taking an orchestration failed; trying again in a second.", { error });
      await clock.sleep(1000, stopping);
    }
  }
}
