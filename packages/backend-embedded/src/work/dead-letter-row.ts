import type { ActivityMessage, DeadLetter, TaskMessage } from "@perdure/core";
import type { Transaction } from "../file/group-commit";
import { keys } from "../file/keys";

/** What could not be processed, and where it goes when it is redriven. */
export type Undelivered =
  | { readonly kind: "message"; readonly message: TaskMessage; readonly deliveryCount: number }
  | { readonly kind: "activity"; readonly message: ActivityMessage; readonly deliveryCount: number };

export type DeadLetterRow = Undelivered & { readonly reason: string; readonly at: number };

export function bury(transaction: Transaction, undelivered: Undelivered, reason: string, at: number): void {
  const row: DeadLetterRow = { ...undelivered, reason, at };
  transaction.put(keys.dead(transaction.nextNumber()), JSON.stringify(row));
}

export function toDeadLetter(number: number, row: DeadLetterRow): DeadLetter {
  return {
    id: String(number),
    instanceId: row.message.instanceId,
    reason: row.reason,
    deliveryCount: row.deliveryCount,
    deadLetteredAt: row.at,
    body: JSON.stringify(row.message),
  };
}
