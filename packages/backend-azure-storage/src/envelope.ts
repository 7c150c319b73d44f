/** Messages as queue text: JSON, or the name of the blob that holds the JSON when it is too long. */
import { CorruptStorageError } from "@perdure/core";
import type { Payloads } from "./payloads";

/** Bytes of UTF-8 that go inline. The queue's limit is 64 KiB, 48 KiB where text has to be Base64. */
const MAX_INLINE_BYTES = 45 * 1024;

export interface Sealed {
  readonly text: string;
  /** The blob that goes with the message. */
  readonly blob?: string;
}

interface Message {
  readonly id: string;
  readonly instanceId: string;
}

export async function seal(message: Message, payloads: Payloads): Promise<Sealed> {
  return sealCounted(message, payloads, {});
}

/** A message that whoever puts it in the queue delivers as well: who receives it is the second to have it. */
export async function sealDelivered(message: Message, payloads: Payloads): Promise<Sealed> {
  return sealCounted(message, payloads, { earlyDeliveries: -1 });
}

async function sealCounted(message: Message, payloads: Payloads, count: object): Promise<Sealed> {
  const text = JSON.stringify({ ...message, ...count });
  if (text.length <= MAX_INLINE_BYTES / 3 || Buffer.byteLength(text) <= MAX_INLINE_BYTES) return { text };
  const blob = await payloads.put(message.instanceId, "message", JSON.stringify(message));
  return { text: JSON.stringify({ blob, ...count }), blob };
}

/** A message hidden anew before its time, with how often the queue has handed it out for nothing. */
export function sealEarly(message: Message, earlyDeliveries: number): string {
  return JSON.stringify({ ...message, earlyDeliveries });
}

export interface Opened<T> {
  readonly message: T;
  readonly blob: string | undefined;
  /** Deliveries the queue counts that were none: the message was not due. Negative: those that it does not count. */
  readonly earlyDeliveries: number;
}

/** @throws CorruptStorageError when the text is not a message, or its blob is gone. */
export async function open<T extends Message>(text: string, payloads: Payloads): Promise<Opened<T>> {
  const { blob, earlyDeliveries = 0, ...parsed } = parse(text);
  if (typeof blob === "string") {
    const message = checked<T>(parse(await payloads.get(blob)));
    return { message, blob, earlyDeliveries: Number(earlyDeliveries) };
  }
  return { message: checked<T>(parsed), blob: undefined, earlyDeliveries: Number(earlyDeliveries) };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // said below: the reason is the same
  }
  throw new CorruptStorageError("A queue message is not a JSON object.");
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows which queue it reads
function checked<T extends Message>(value: Record<string, unknown>): T {
  if (typeof value["id"] === "string" && typeof value["instanceId"] === "string")
    return value as unknown as T;
  throw new CorruptStorageError("A queue message has no id or no instance id.");
}
