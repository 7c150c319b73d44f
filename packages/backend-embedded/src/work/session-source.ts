import { WorkItemLockLostError } from "@perdure/core";
import type { OrchestrationSession } from "@perdure/core";
import { bury } from "./dead-letter-row";
import type { Inbox } from "./inbox";
import { formatLetter } from "./letter";
import { lockLost } from "./lock-lost";
import type { OwnedPartition } from "./owned-partition";
import type { Services } from "./services";
import { EmbeddedSession, RETRY_MS } from "./session";

/** Hands out the instances that have something to do, in the order their messages came. */
export class SessionSource {
  constructor(
    private readonly services: Services,
    private readonly onEnd: (partition: OwnedPartition) => void,
  ) {}

  /** The next session that can be had now. */
  async next(): Promise<OrchestrationSession | undefined> {
    const { mailroom, clock } = this.services;
    for (;;) {
      const inbox = mailroom.ready.take(clock.now());
      if (!inbox) return undefined;
      const { partition } = inbox;
      if (inbox.session || partition.isLost || partition.isLeaving) continue;
      const session = new EmbeddedSession(inbox, this.services, this.onEnd);
      inbox.session = session;
      if (inbox.suspects.length === 0 || (await this.countDeliveries(inbox, session))) return session;
    }
  }

  /**
   * What a dead owner may have had in hand has been delivered once more than anybody counted. It is counted before it
   * is delivered again: a message that kills every owner is recognised.
   */
  private async countDeliveries(inbox: Inbox, session: EmbeddedSession): Promise<boolean> {
    const { commits, maxDeliveryCount, clock } = this.services;
    const { suspects, partition } = inbox;
    const poison = suspects.filter(({ deliveryCount }) => deliveryCount + 1 >= maxDeliveryCount);
    try {
      await commits.run(
        (transaction) => {
          if (transaction.claim(partition.number) !== partition.claim)
            throw lockLost(`Instance '${inbox.instanceId}'`);
          for (const { key, message, arrivedAt, deliveryCount } of suspects) {
            transaction.put(
              key,
              formatLetter({ deliveryCount: deliveryCount + 1, arrivedAt, notBefore: 0, message }),
            );
          }
          for (const { key, message, deliveryCount } of poison) {
            transaction.remove(key);
            bury(
              transaction,
              { kind: "message", message, deliveryCount: deliveryCount + 1 },
              "its owners died again and again",
              clock.now(),
            );
          }
        },
        () => {
          for (const letter of suspects) {
            letter.deliveryCount++;
            letter.isSuspect = false;
          }
          inbox.forget(poison);
        },
      );
    } catch (error) {
      if (WorkItemLockLostError.is(error)) this.services.mailroom.drop(partition);
      else session.giveBack(clock.now() + RETRY_MS); // the disk refuses
      return false;
    }
    return true;
  }
}
