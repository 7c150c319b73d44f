/**
 * How troubles of instances are repaired: by messages that they drop when nothing was wrong. Each verb resolves with
 * what it did, for the operator.
 */
import { randomUUID } from "node:crypto";
import { StorageUnavailableError, completionForParent } from "@perdure/core";
import type {
  ActivityMessage,
  HubDiagnostics,
  InstanceStatus,
  MessageEvent,
  TaskMessage,
} from "@perdure/core";
import type { Connection } from "../connection";

const REASON = "by doctor";

export class Repairs {
  constructor(private readonly connection: Connection) {}

  async send(message: TaskMessage): Promise<string> {
    await (await this.connection.instances()).send(message);
    return "Sent it again.";
  }

  async sendActivity(message: ActivityMessage): Promise<string> {
    await this.diagnostics().sendActivity(message);
    return "Queued the activity again.";
  }

  async start(instanceId: string): Promise<string> {
    const isSent = await this.diagnostics().sendStart(instanceId);
    return isSent ? "Queued its start again." : "It has been started meanwhile.";
  }

  async startChild(message: TaskMessage): Promise<string> {
    await (await this.connection.instances()).send(message);
    return `Sent the start of '${message.instanceId}' again.`;
  }

  /** @param child Which has finished. */
  async sendResult(child: InstanceStatus): Promise<string> {
    const store = await this.connection.instances();
    for (const message of completionForParent(child)) await store.send(message);
    return `Sent the result of '${child.instanceId}' again.`;
  }

  async resume(instanceId: string): Promise<string> {
    await this.tell(instanceId, { type: "ExecutionResumed", timestamp: this.now(), reason: REASON });
    return "Asked it to go on; a worker whose code fits it lets it.";
  }

  async rewind(instanceId: string): Promise<string> {
    await this.tell(instanceId, { type: "ExecutionRewound", timestamp: this.now(), reason: REASON });
    return "Asked it to try again from before it failed.";
  }

  async redrive(deadLetterId: string): Promise<string> {
    const isThere = await (await this.connection.deadLetters()).redrive(deadLetterId);
    return isThere ? "Queued the message again." : "It is gone already.";
  }

  private async tell(instanceId: string, event: MessageEvent): Promise<void> {
    await (await this.connection.instances()).send({ id: randomUUID(), instanceId, event });
  }

  private diagnostics(): HubDiagnostics {
    const { diagnostics } = this.connection.backend;
    if (!diagnostics) throw new StorageUnavailableError("This backend cannot send it again.");
    return diagnostics;
  }

  private now(): number {
    return this.connection.clock.now();
  }
}
