import { NotSerializableError, PayloadTooLargeError } from "./errors";
import type { Payload } from "./history/events";

/** The largest payload, as UTF-8: 64 MiB. Checked where values enter, so that user code can catch it. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/**
 * Encodes a value as JSON. `undefined` has no payload, so that it stays distinct from `null`.
 *
 * Rules are `JSON.stringify`'s: a `Date` becomes a string, `NaN` becomes `null`.
 *
 * @throws NotSerializableError for cycles, BigInt, functions and symbols; `what` names the value in it.
 * @throws PayloadTooLargeError beyond 64 MiB.
 */
export function encode(value: unknown, what: string): Payload | undefined {
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    text = jsonOf(value);
  } catch (error) {
    throw new NotSerializableError(what, error instanceof Error ? error.message : String(error), error);
  }
  if (text === undefined) throw new NotSerializableError(what, `a ${typeof value} has no JSON form`);
  const bytes = text.length > MAX_PAYLOAD_BYTES / 3 ? Buffer.byteLength(text) : text.length;
  if (bytes > MAX_PAYLOAD_BYTES) throw new PayloadTooLargeError(what, bytes, MAX_PAYLOAD_BYTES);
  return text;
}

/** Decodes a payload of ours. Absent payloads decode to `undefined`. */
export function decode(payload: Payload | undefined): unknown {
  return payload === undefined ? undefined : JSON.parse(payload);
}

export function tryEncode(value: unknown): Payload | undefined {
  try {
    return encode(value, "value");
  } catch {
    return undefined; // best effort by contract: the caller has a fallback
  }
}

/** `JSON.stringify` with its true type: functions and symbols have no JSON. */
const jsonOf: (value: unknown) => string | undefined = JSON.stringify;
