/**
 * How text travels in a queue message, which is XML and so cannot hold every character.
 *
 * JSON objects go as they are, which other tools can read; everything else goes as Base64, of UTF-8, or of a zero byte
 * and UTF-16 when it is not well formed. So do long objects that are not ASCII: escaped they could exceed what the
 * service takes for a body. A reader knows one from the other by the brace, as DTFx's does. Text that is
 * neither came from someone else and is handed on unchanged.
 */

import { StorageRejectedError } from "./storage-errors";

/** Largest message as stored. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

/** What XML keeps unchanged: no control characters, no surrogate alone, and no carriage return, which becomes a newline. */
const XML_SAFE_OBJECT = /^\{[\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*\}$/u;
const ASCII = /^[\0-\x7f]*$/;
/** As character references, at worst three times as long, this is still far from `MAX_MESSAGE_BYTES`. */
const MAX_ESCAPED_BYTES = 8 * 1024;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @throws StorageRejectedError when the text does not fit into a message. */
export function encodeQueueText(text: string): string {
  const stored = encoded(text);
  const bytes = Buffer.byteLength(stored);
  if (bytes <= MAX_MESSAGE_BYTES) return stored;
  throw new StorageRejectedError(
    `A queue message of ${bytes} bytes as stored: it takes ${MAX_MESSAGE_BYTES}.`,
    "MessageTooLarge",
  );
}

export function decodeQueueText(stored: string): string {
  if (stored.startsWith("{") || !BASE64.test(stored)) return stored;
  const bytes = Buffer.from(stored, "base64");
  return bytes[0] === 0 ? bytes.toString("utf16le", 1) : bytes.toString("utf8");
}

/** Size of a text as stored, to be compared with `MAX_MESSAGE_BYTES`: Base64 adds a third. Plain ASCII objects are not Base64. */
export function queueTextBytes(text: string): number {
  return Buffer.byteLength(encoded(text));
}

function encoded(text: string): string {
  const readable =
    XML_SAFE_OBJECT.test(text) && (ASCII.test(text) || Buffer.byteLength(text) <= MAX_ESCAPED_BYTES);
  return readable ? text : toBytes(text).toString("base64");
}

function toBytes(text: string): Buffer {
  const utf8 = Buffer.from(text, "utf8");
  if (!text.startsWith("\0") && utf8.toString("utf8") === text) return utf8;
  return Buffer.concat([Buffer.of(0), Buffer.from(text, "utf16le")]);
}
