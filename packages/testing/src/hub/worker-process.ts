import { MemoryBackend } from "@perdure/backend-memory";
import type { MemoryStore } from "@perdure/backend-memory";
import type {
  AnyOrchestration,
  Backend,
  Clock,
  InstanceState,
  Logger,
  OrchestrationSession,
  TaskMessage,
} from "@perdure/core";
import { Worker } from "@perdure/worker";
import { LOCK_MS, withoutLockTimers } from "../time/lasting-locks";
import { ProcessClock } from "../time/process-clock";
import type { ActivityBench } from "./activity-bench";
import { ObservedActivities } from "./observed-activities";
import { ObservedSession } from "./observed-session";
import type { SessionObserver } from "./observed-session";
import type { Side, StorageOperation } from "./operations";

/** What becomes of a worker's operations. */
export interface ProcessObserver {
  around(operation: StorageOperation, side: Side, instanceId?: string): void;
  committed(state: InstanceState): void;
  taken(messages: readonly TaskMessage[]): void;
}

export interface ProcessParts {
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly orchestrations: readonly AnyOrchestration[];
  readonly bench: ActivityBench;
  readonly logger: Logger;
  readonly observer: ProcessObserver;
}

const NEVER = new Promise<never>(() => undefined);

/** A process with a worker in it. Once it has died all it was doing hangs for good, and nothing of it comes back. */
export class WorkerProcess {
  readonly #clock: ProcessClock;
  readonly #memory: MemoryBackend;
  readonly #worker: Worker;

  constructor(private readonly parts: ProcessParts) {
    const { store, orchestrations, bench, logger } = parts;
    const clock = (this.#clock = new ProcessClock(parts.clock));
    this.#memory = new MemoryBackend({ store, clock: withoutLockTimers(clock), lockMs: LOCK_MS });
    this.#worker = new Worker(this.backend(), {
      orchestrations,
      activities: bench.definitions(this),
      clock,
      logger,
    });
  }

  get isDead(): boolean {
    return this.#clock.isDead;
  }

  start(): Promise<void> {
    return this.#worker.start();
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  /** What it had locked can be had by others at once: whoever takes over decides when that is. */
  die(): void {
    if (this.isDead) return;
    this.#clock.die();
    this.parts.bench.lose(this);
    void this.#memory.stop();
  }

  private backend(): Backend {
    const memory = this.#memory;
    const { observer, bench } = this.parts;
    const guard: SessionObserver = {
      around: async (operation, side, instanceId) => {
        if (!this.isDead) observer.around(operation, side, instanceId);
        if (this.isDead) await NEVER;
      },
      committed: (state) => observer.committed(state),
      taken: (messages) => observer.taken(messages),
    };
    const lockNext = async (signal: AbortSignal): Promise<OrchestrationSession | undefined> => {
      await guard.around("lockInstance", "before", undefined);
      const session = await memory.orchestrations.lockNext(signal);
      if (!session) return undefined;
      await guard.around("lockInstance", "after", session.instanceId);
      return new ObservedSession(session, guard);
    };
    return {
      orchestrations: { lockNext },
      activities: new ObservedActivities(memory.activities, guard, (message) => bench.redirect(message)),
      instances: memory.instances,
      deadLetters: memory.deadLetters,
      createTaskHub: () => memory.createTaskHub(),
      deleteTaskHub: () => memory.deleteTaskHub(),
      start: () => memory.start(),
      stop: () => memory.stop(),
    };
  }
}
