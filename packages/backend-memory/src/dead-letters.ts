import { atOnce } from "@perdure/core";
import type { DeadLetter, DeadLetterStore } from "@perdure/core";
import type { Services } from "./services";

export class MemoryDeadLetters implements DeadLetterStore {
  constructor(private readonly services: Services) {}

  async *list(): AsyncIterable<DeadLetter> {
    yield* await atOnce(() => {
      this.services.lifetime.assertAlive();
      return this.services.store.deadLetters;
    });
  }

  redrive(id: string): Promise<boolean> {
    return atOnce(() => {
      const { store, clock, lifetime } = this.services;
      lifetime.assertAlive();
      const undelivered = store.exhume(id);
      if (undelivered?.kind === "message") store.deliver(undelivered.message, clock.now());
      if (undelivered?.kind === "activity") store.enqueue(undelivered.message, clock.now());
      return undelivered !== undefined;
    });
  }

  discard(id: string): Promise<boolean> {
    return atOnce(() => {
      const { store, lifetime } = this.services;
      lifetime.assertAlive();
      const undelivered = store.exhume(id);
      if (!undelivered) return false;
      const record = store.find(undelivered.message.instanceId);
      if (record?.pending?.id === undelivered.message.id) {
        record.pending = undefined; // it will never start
        store.reschedule(record);
        store.changed(record.instanceId);
      }
      return true;
    });
  }
}
