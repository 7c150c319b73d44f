import type { Backend, Clock, DeadLetterStore, InstanceStore } from "@perdure/core";

/** A backend whose task hub is created on first use. A try that failed is not remembered. */
export class Connection {
  readonly clock: Clock;
  /** As it is: for looking at, not for making a hub. */
  readonly backend: Backend;
  #hub: Promise<void> | undefined;

  constructor(backend: Backend, clock: Clock) {
    this.backend = backend;
    this.clock = clock;
  }

  async instances(): Promise<InstanceStore> {
    await this.ensureTaskHub();
    return this.backend.instances;
  }

  async deadLetters(): Promise<DeadLetterStore> {
    await this.ensureTaskHub();
    return this.backend.deadLetters;
  }

  private ensureTaskHub(): Promise<void> {
    this.#hub ??= this.createTaskHub();
    return this.#hub;
  }

  private async createTaskHub(): Promise<void> {
    try {
      await this.backend.createTaskHub();
    } catch (error) {
      this.#hub = undefined;
      throw error;
    }
  }
}
