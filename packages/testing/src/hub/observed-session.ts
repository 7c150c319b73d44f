import type {
  ActivityMessage,
  Checkpoint,
  InstanceState,
  InstanceVersion,
  LoadedInstance,
  OrchestrationSession,
  TaskMessage,
} from "@perdure/core";
import { observed } from "./operations";
import type { StorageObserver } from "./operations";

export interface SessionObserver extends StorageObserver {
  /** A checkpoint has been committed; its `checkpoint` resolves only after this. */
  committed(state: InstanceState): void;
  /** The worker has taken these. */
  taken(messages: readonly TaskMessage[]): void;
}

/** A session whose operations are observed. */
export class ObservedSession implements OrchestrationSession {
  constructor(
    private readonly session: OrchestrationSession,
    private readonly observer: SessionObserver,
  ) {}

  get instanceId(): string {
    return this.session.instanceId;
  }

  get deliveryCount(): number {
    return this.session.deliveryCount;
  }

  get isLost(): boolean {
    return this.session.isLost;
  }

  get lost(): AbortSignal {
    return this.session.lost;
  }

  get version(): InstanceVersion | undefined {
    return this.session.version;
  }

  attach(version: InstanceVersion): boolean {
    return this.session.attach(version);
  }

  load(): Promise<LoadedInstance> {
    return observed(this.observer, "load", this.instanceId, () => this.session.load());
  }

  takeMessages(): readonly TaskMessage[] {
    const messages = this.session.takeMessages();
    this.observer.taken(messages);
    return messages;
  }

  waitForMessages(signal?: AbortSignal): Promise<void> {
    return this.session.waitForMessages(signal);
  }

  checkpoint(checkpoint: Checkpoint): Promise<void> {
    return observed(this.observer, "checkpoint", this.instanceId, async () => {
      await this.session.checkpoint(checkpoint);
      this.observer.committed(checkpoint.state);
    });
  }

  handOver(activities: readonly ActivityMessage[]): Promise<void> {
    return observed(this.observer, "handOver", this.instanceId, () => this.session.handOver(activities));
  }

  release(): Promise<void> {
    return observed(this.observer, "release", this.instanceId, () => this.session.release());
  }

  abandon(retryAt: number, reason: string): Promise<void> {
    return observed(this.observer, "abandon", this.instanceId, () => this.session.abandon(retryAt, reason));
  }

  deadLetter(reason: string): Promise<void> {
    return this.session.deadLetter(reason);
  }
}
