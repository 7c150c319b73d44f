import { atOnce, MAX_PAYLOAD_BYTES, PayloadLimit, systemClock } from "@perdure/core";
import type {
  ActivitySource,
  Backend,
  Clock,
  DeadLetterStore,
  HubDiagnostics,
  InstanceStore,
  OrchestrationSource,
} from "@perdure/core";
import { MemoryActivitySource } from "./activity-source";
import { MemoryDeadLetters } from "./dead-letters";
import { MemoryDiagnostics } from "./diagnostics";
import { MemoryInstanceStore } from "./instance-store";
import { Lifetime } from "./lifetime";
import { MemoryOrchestrationSource } from "./orchestration-source";
import type { Held, Services } from "./services";
import { MemoryStore } from "./store";

export interface MemoryBackendOptions {
  /** The task hub. Default: one of its own. */
  readonly store?: MemoryStore;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** How long a lock lasts unless it is renewed, in milliseconds. Default: 60,000. */
  readonly lockMs?: number;
  /** Deliveries after which a message goes to the dead letters. Default: 20. */
  readonly maxDeliveryCount?: number;
  /** Longest text that can be stored, in bytes of UTF-8. Default: 64 MiB. */
  readonly maxPayloadBytes?: number;
}

/**
 * A task hub in the memory of this process: the reference implementation of the backend contract, for tests and trials.
 * Its state ends with the `MemoryStore`.
 */
export class MemoryBackend implements Backend {
  readonly orchestrations: OrchestrationSource;
  readonly activities: ActivitySource;
  readonly instances: InstanceStore;
  readonly deadLetters: DeadLetterStore;
  readonly diagnostics: HubDiagnostics;
  readonly #services: Services;
  /** What this object has locked. */
  readonly #held = new Set<Held>();

  constructor(options: MemoryBackendOptions = {}) {
    const clock = options.clock ?? systemClock;
    this.#services = {
      store: options.store ?? new MemoryStore(),
      clock,
      lifetime: new Lifetime(clock),
      limit: new PayloadLimit(options.maxPayloadBytes ?? MAX_PAYLOAD_BYTES),
      lockMs: options.lockMs ?? 60_000,
      maxDeliveryCount: options.maxDeliveryCount ?? 20,
    };
    this.orchestrations = new MemoryOrchestrationSource(this.#services, this.#held);
    this.activities = new MemoryActivitySource(this.#services, this.#held);
    this.instances = new MemoryInstanceStore(this.#services);
    this.deadLetters = new MemoryDeadLetters(this.#services);
    this.diagnostics = new MemoryDiagnostics(this.#services);
  }

  /** There is nothing to create. */
  createTaskHub(): Promise<void> {
    return Promise.resolve();
  }

  deleteTaskHub(): Promise<void> {
    return atOnce(() => this.#services.store.clear());
  }

  start(): Promise<void> {
    return atOnce(() => this.#services.lifetime.start());
  }

  stop(): Promise<void> {
    return atOnce(() => {
      this.#services.lifetime.stop();
      for (const held of [...this.#held]) held.giveBack();
    });
  }

  /**
   * Ends this object as the death of its process would: it takes and renews nothing any more and gives nothing back.
   * What it had locked returns when the locks run out, to other objects on the same store. For tests.
   */
  crash(): void {
    this.#services.lifetime.die();
    for (const held of [...this.#held]) held.die();
  }
}
