import { atOnce } from "@perdure/core";
import type {
  ActivityMessage,
  ActivityWhereabouts,
  HubDiagnostics,
  InstanceWhereabouts,
  PartitionOwnership,
  Trouble,
  WaitingMessage,
} from "@perdure/core";
import type { InstanceRecord } from "./instance-record";
import type { Services } from "./services";

/** A message that could be had for so long is one that nobody is there for, or that its owner is behind with. */
const BEHIND_MS = 5000;

/** Everything is in sight here; there are no partitions, and nothing that a crash could leave behind. */
export class MemoryDiagnostics implements HubDiagnostics {
  constructor(private readonly services: Services) {}

  partitions(): Promise<readonly PartitionOwnership[]> {
    return Promise.resolve([]);
  }

  whereabouts(instanceId: string): Promise<InstanceWhereabouts> {
    return atOnce(() => {
      const { store, clock } = this.services;
      const record = store.find(instanceId);
      const now = clock.now();
      return {
        messages: record ? messagesOf(record, now) : [],
        hasAllMessages: true,
        activities: this.activitiesOf(instanceId, record, now),
        hasAllActivities: true,
        isBehind: !record?.lock && (record?.dueAt ?? now) < now - BEHIND_MS,
      };
    });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- there is nothing to find
  async *check(): AsyncIterable<Trouble> {
    yield* [];
  }

  sendStart(instanceId: string): Promise<boolean> {
    return atOnce(() => {
      const { store, clock, lifetime } = this.services;
      lifetime.assertAlive();
      const record = store.find(instanceId);
      const { pending, mailbox } = record ?? {};
      if (!pending || mailbox?.all.some(({ message }) => message.id === pending.id)) return false;
      store.deliver(pending, clock.now());
      return true;
    });
  }

  sendActivity(message: ActivityMessage): Promise<void> {
    return atOnce(() => {
      const { store, clock, lifetime } = this.services;
      lifetime.assertAlive();
      store.enqueue(message, clock.now());
    });
  }

  private activitiesOf(
    instanceId: string,
    record: InstanceRecord | undefined,
    now: number,
  ): readonly ActivityWhereabouts[] {
    const executionId = record?.state?.executionId ?? "";
    const held = [...(record?.claimed ?? [])].map((taskScheduledId): ActivityWhereabouts => ({
      ...{ executionId, taskScheduledId, place: "held", deliveryCount: 0 },
    }));
    const queued = [...this.services.store.activities.items]
      .filter(({ message }) => message.instanceId === instanceId)
      .map(({ message, lock, deliveryCount }): ActivityWhereabouts => {
        const { executionId: execution, taskScheduledId } = message;
        const place = lock && lock.expiresAt > now ? "running" : "queued";
        return { executionId: execution, taskScheduledId, place, deliveryCount };
      });
    return [...held, ...queued];
  }
}

function messagesOf({ mailbox, heldUntil }: InstanceRecord, now: number): readonly WaitingMessage[] {
  return mailbox.all.map(({ message, arrivesAt, deliveryCount }) => {
    const visibleAt = Math.max(arrivesAt, heldUntil);
    return {
      ...{ id: message.id, type: message.event.type, deliveryCount },
      ...(visibleAt > now ? { visibleAt } : {}),
    };
  });
}
