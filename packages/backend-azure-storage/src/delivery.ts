import type { TaskMessage } from "@perdure/core";
import type { QueueStore, Receipt } from "./storage/storage";
import { StorageConflict } from "./storage/storage-errors";

const HELD_SECONDS = 60;

/** One message of a control queue in the hands of the queue's owner. */
export interface Delivery {
  readonly message: TaskMessage;
  /** The blob that goes when the message goes. */
  readonly blob: string | undefined;
  /** The newest receipt: any other is refused. */
  receipt: Receipt;
  deliveryCount: number;
  /** Milliseconds since the epoch until which nobody else can see it. */
  hiddenUntil: number;
  /** The receipt is being replaced by a newer one. */
  renewing?: Promise<void>;
  /** It is part of a commit. */
  consumed: boolean;
  /** A commit has consumed it, or a read made after it came proves that it means nothing: it may be deleted. */
  proven: boolean;
}

/** A newer receipt of a message that nobody else has received or deleted since; `undefined` when somebody has. */
export async function stillHeld(queue: QueueStore, receipt: Receipt): Promise<Receipt | undefined> {
  try {
    return await queue.update(receipt, HELD_SECONDS);
  } catch (error) {
    if (error instanceof StorageConflict) return undefined;
    throw error;
  }
}
