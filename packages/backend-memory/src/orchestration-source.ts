import type { OrchestrationSession, OrchestrationSource } from "@perdure/core";
import type { InstanceRecord } from "./instance-record";
import type { Held, Services } from "./services";
import { MemorySession, buryLetters } from "./session";

export class MemoryOrchestrationSource implements OrchestrationSource {
  constructor(
    private readonly services: Services,
    private readonly held: Set<Held>,
  ) {}

  lockNext(signal: AbortSignal): Promise<OrchestrationSession | undefined> {
    const { lifetime, store } = this.services;
    return lifetime.next(store.ready, (record, now) => this.lock(record, now), signal);
  }

  /** A lock found here has run out: its owner is dead, what it had taken comes back. */
  private lock(record: InstanceRecord, now: number): OrchestrationSession {
    const { store, lockMs, maxDeliveryCount } = this.services;
    const poison = record.mailbox.giveBack(maxDeliveryCount);
    buryLetters(store, poison, "its owners died again and again", now);
    const owner = {};
    record.lock = { owner, expiresAt: now + lockMs };
    store.reschedule(record);
    return new MemorySession(record, owner, this.services, this.held);
  }
}
