/** Where the messages and activities of one instance are, as far as queues show. */
import type {
  ActivityMessage,
  ActivityWhereabouts,
  InstanceWhereabouts,
  TaskMessage,
  WaitingMessage,
} from "@perdure/core";
import type { Committed, StoredHistory } from "../history-table";
import type { LeaseRow } from "../lease-table";
import { partitionOf } from "../names";
import { ownershipOf } from "./leases";
import { QueueLooks } from "./queue-look";
import type { QueueLook, SeenMessage } from "./queue-look";
import type { DiagnosisServices } from "./services";

/** A message that could be had for so long is one that nobody is there for, or that its owner is behind with. */
const BEHIND_MS = 5000;
const FRESH_MS = 1000;

export class Whereabouts {
  readonly #control: QueueLooks<TaskMessage>;
  readonly #workItems: QueueLooks<ActivityMessage>;
  #leases: { readonly at: number; readonly rows: Promise<readonly LeaseRow[]> } | undefined;

  constructor(private readonly services: DiagnosisServices) {
    const { payloads, settings } = services;
    this.#control = new QueueLooks(payloads, settings.clock);
    this.#workItems = new QueueLooks(payloads, settings.clock);
  }

  async of(instanceId: string): Promise<InstanceWhereabouts> {
    const { names, storage, controlQueue, settings, partitionCount } = this.services;
    const partition = partitionOf(instanceId, await partitionCount());
    const lease = (await this.leases()).find((row) => row.partition === partition);
    const stored = await this.services.history.load(instanceId);
    const items = await this.#workItems.look(names.workItems, storage.queue(names.workItems));
    const control = await this.#control.look(names.control(partition), controlQueue(partition));
    const now = settings.clock.now();
    const messages = messagesFor(instanceId, control);
    const isComing = messages.length > 0 || !control.isAll;
    return {
      ...(lease && { ownership: ownershipOf(lease, now) }),
      messages,
      hasAllMessages: control.isAll,
      activities: [...claimedIn(stored, lease, isComing), ...queuedFor(instanceId, items)],
      hasAllActivities: items.isAll,
      isBehind: control.hasMore || control.visible.some((seen) => isOld(seen, now)),
    };
  }

  private leases(): Promise<readonly LeaseRow[]> {
    const now = this.services.settings.clock.now();
    if (!this.#leases || now - this.#leases.at >= FRESH_MS) {
      const rows = this.services.leases.readAll();
      rows.catch(() => (this.#leases = undefined));
      this.#leases = { at: now, rows };
    }
    return this.#leases.rows;
  }
}

/**
 * Activities that an owner has said to run itself. What a former one had is queued when the next owner gets a message of
 * the instance, of which it left one hidden: so it is held as long as there may be such a message.
 */
function claimedIn(
  stored: StoredHistory | Committed | undefined,
  lease: LeaseRow | undefined,
  isComing: boolean,
): readonly ActivityWhereabouts[] {
  if (!stored || !("events" in stored)) return [];
  const { executionId } = stored.state;
  return [...stored.claims].flatMap(([taskScheduledId, epoch]): readonly ActivityWhereabouts[] => {
    const held = { executionId, taskScheduledId, place: "held", deliveryCount: 0 } as const;
    if (lease && lease.owner !== "" && epoch === lease.epoch) return [{ ...held, worker: lease.owner }];
    return isComing ? [held] : [];
  });
}

function messagesFor(instanceId: string, { visible }: QueueLook<TaskMessage>): readonly WaitingMessage[] {
  return visible
    .filter(({ message }) => message.instanceId === instanceId)
    .map(({ message, deliveryCount }) => ({
      ...{ id: message.id, type: message.event.type, deliveryCount },
      ...(message.visibleAt !== undefined && { visibleAt: message.visibleAt }),
    }));
}

function queuedFor(
  instanceId: string,
  { visible }: QueueLook<ActivityMessage>,
): readonly ActivityWhereabouts[] {
  return visible
    .filter(({ message }) => message.instanceId === instanceId)
    .map(({ message: { executionId, taskScheduledId }, deliveryCount }) => ({
      ...{ executionId, taskScheduledId, place: "queued", deliveryCount },
    }));
}

/** A timer was put in the queue long before it could be had. */
function isOld({ message, insertedOn }: SeenMessage<TaskMessage>, now: number): boolean {
  return Math.max(insertedOn, message.visibleAt ?? 0) < now - BEHIND_MS;
}
