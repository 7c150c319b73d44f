import type { TaskMessage } from "@perdure/core";
import type { Receipt } from "./storage/storage";

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
