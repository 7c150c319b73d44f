import type { ActivityMessage, ActivitySource, ActivityWorkItem, TaskMessage } from "@perdure/core";
import { observed } from "./operations";
import type { StorageObserver } from "./operations";

/** A work-item queue whose operations are observed. */
export class ObservedActivities implements ActivitySource {
  /** @param rewrite What a worker is given in place of a message. */
  constructor(
    private readonly source: ActivitySource,
    private readonly observer: StorageObserver,
    private readonly rewrite: (message: ActivityMessage) => ActivityMessage,
  ) {}

  async lockNext(limit: number, signal: AbortSignal): Promise<readonly ActivityWorkItem[]> {
    await this.observer.around("lockActivity", "before", undefined);
    const items = await this.source.lockNext(limit, signal);
    for (const { message } of items) await this.observer.around("lockActivity", "after", message.instanceId);
    return items.map((item) => new ObservedActivity(item, this.observer, this.rewrite(item.message)));
  }
}

class ObservedActivity implements ActivityWorkItem {
  constructor(
    private readonly item: ActivityWorkItem,
    private readonly observer: StorageObserver,
    readonly message: ActivityMessage,
  ) {}

  get deliveryCount(): number {
    return this.item.deliveryCount;
  }

  get lost(): AbortSignal {
    return this.item.lost;
  }

  complete(result: TaskMessage): Promise<void> {
    return observed(this.observer, "completeActivity", result.instanceId, () => this.item.complete(result));
  }

  abandon(retryAt: number, reason: string): Promise<void> {
    return this.item.abandon(retryAt, reason);
  }
}
