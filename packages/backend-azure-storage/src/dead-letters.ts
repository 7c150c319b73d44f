import { randomBytes } from "node:crypto";
import { optional } from "@perdure/core";
import type { ActivityMessage, Clock, DeadLetter, DeadLetterStore, TaskMessage } from "@perdure/core";
import { readNumber, readText, readTime, restoreLongTexts, spillLongTexts, timeColumn } from "./columns";
import { open } from "./envelope";
import type { Payloads } from "./payloads";
import type { StoredRow, TableStore } from "./storage/storage";

export type QueueKind = "control" | "workItem";

export interface DeadLetterRoutes {
  send(message: TaskMessage): Promise<void>;
  sendActivity(message: ActivityMessage): Promise<void>;
}

/** `{Hub}DeadLetters`: messages nobody could process, oldest first. */
export class DeadLetters implements DeadLetterStore {
  constructor(
    private readonly table: TableStore,
    private readonly payloads: Payloads,
    private readonly clock: Clock,
    private readonly routes: DeadLetterRoutes,
  ) {}

  async add(
    instanceId: string,
    queue: QueueKind,
    reason: string,
    deliveryCount: number,
    body: string,
  ): Promise<void> {
    const now = this.clock.now();
    const rowKey = `${now.toString(16).padStart(12, "0")}-${randomBytes(6).toString("hex")}`;
    const columns = await spillLongTexts(
      {
        InstanceId: instanceId,
        Queue: queue,
        Reason: reason,
        DeliveryCount: deliveryCount,
        Body: body,
        DeadLetteredAt: timeColumn(now),
      },
      this.payloads,
      "dead-letters",
      rowKey,
      [],
    );
    await this.table.write({ kind: "insert", row: { ...columns, partitionKey: "", rowKey } });
  }

  async *list(): AsyncIterable<DeadLetter> {
    let continuationToken: string | undefined;
    do {
      const page = await this.table.query(optional("continuationToken", continuationToken));
      for (const row of page.rows) yield await this.letter(row);
      continuationToken = page.continuationToken;
    } while (continuationToken !== undefined);
  }

  async redrive(id: string): Promise<boolean> {
    const row = await this.table.get("", id);
    if (!row) return false;
    const { body } = await this.letter(row);
    if (row["Queue"] === "workItem") {
      await this.routes.sendActivity((await open<ActivityMessage>(body, this.payloads)).message);
    } else await this.routes.send((await open<TaskMessage>(body, this.payloads)).message);
    return this.remove(row);
  }

  async discard(id: string): Promise<boolean> {
    const row = await this.table.get("", id);
    return row ? this.remove(row) : false;
  }

  private async remove(row: StoredRow): Promise<boolean> {
    await this.table.write({ kind: "delete", partitionKey: "", rowKey: row.rowKey, etag: row.etag });
    const blob = readText(row["BodyBlobName"]);
    if (blob) await this.payloads.delete([blob]);
    return true;
  }

  private async letter(row: StoredRow): Promise<DeadLetter> {
    const full = await restoreLongTexts(row, this.payloads);
    return {
      id: row.rowKey,
      instanceId: readText(full["InstanceId"]) ?? "",
      reason: readText(full["Reason"]) ?? "",
      deliveryCount: readNumber(full, "DeliveryCount"),
      deadLetteredAt: readTime(full["DeadLetteredAt"]) ?? 0,
      body: readText(full["Body"]) ?? "",
    };
  }
}
