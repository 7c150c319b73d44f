import type { ActivityMessage, TaskMessage } from "@perdure/core";
import type { ActivityRunner } from "./activity-runner";
import type { Semaphore } from "./semaphore";

interface Running {
  readonly executionId: string;
  readonly abort: AbortController;
}

/**
 * The activities one session runs itself. Their results exist only here until a checkpoint takes them, which is why
 * the session is held meanwhile.
 */
export class LocalActivities {
  readonly #running = new Map<string, Running>();
  #results: TaskMessage[] = [];
  #wake: (() => void) | undefined;

  constructor(
    private readonly runner: ActivityRunner,
    private readonly slots: Semaphore,
  ) {}

  /** True while the session must be held. */
  get outstanding(): boolean {
    return this.#running.size > 0 || this.#results.length > 0;
  }

  /** Which of these have code here and a free slot each, taken for them. */
  claim(activities: readonly ActivityMessage[]): readonly ActivityMessage[] {
    return activities.filter(({ name }) => this.runner.knows(name) && this.slots.tryAcquire());
  }

  /** Gives back the slots of claims whose checkpoint failed. */
  unclaim(activities: readonly ActivityMessage[]): void {
    activities.forEach(() => this.slots.release());
  }

  start(activities: readonly ActivityMessage[]): void {
    for (const message of activities) {
      const running: Running = { executionId: message.executionId, abort: new AbortController() };
      this.#running.set(message.id, running);
      void this.runner.run(message, running.abort.signal).then((result) => {
        this.slots.release();
        if (this.#running.get(message.id) !== running) return; // let go of meanwhile
        this.#running.delete(message.id);
        this.#results.push(result);
        this.#wake?.();
      });
    }
  }

  takeResults(): readonly TaskMessage[] {
    const results = this.#results;
    this.#results = [];
    return results;
  }

  /** Resolves when there are results to take, or when `signal` aborts. */
  waitForResults(signal: AbortSignal): Promise<void> {
    if (this.#results.length > 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** Results of other executions than `executionId` are no longer waited for; the code runs on unless aborted. */
  letGo(executionId: string | undefined, abort: boolean): void {
    for (const [id, running] of this.#running) {
      if (running.executionId === executionId) continue;
      this.#running.delete(id);
      if (abort) running.abort.abort(new Error("The result of this activity is no longer wanted."));
    }
  }
}
