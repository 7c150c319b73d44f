import { createHash } from "node:crypto";
import { InvalidArgumentError } from "./errors";

const MAX_ID_LENGTH = 256;

/**
 * Checks an instance id: 1 to 256 characters, no `/ \ # ?`, no control characters, no leading `@`, not `.` or `..`.
 * The rule is Azure Table Storage's for keys; `@` marks entities; dots alone are steps in a URL, however encoded.
 *
 * @throws InvalidArgumentError
 */
export function assertInstanceId(instanceId: unknown): asserts instanceId is string {
  assertText(instanceId, "The instance id", MAX_ID_LENGTH);
  if (instanceId.startsWith("@")) {
    throw new InvalidArgumentError(
      `The instance id '${instanceId}' starts with '@', which is reserved for entities.`,
    );
  }
}

/**
 * Checks the name of an orchestration, activity or event: 1 to 256 characters, none of them control characters, not `.`
 * or `..`.
 *
 * @throws InvalidArgumentError
 */
export function assertName(name: unknown, what: string): asserts name is string {
  if (typeof name !== "string" || name.trim() === "" || name.length > MAX_ID_LENGTH || hasControl(name)) {
    throw new InvalidArgumentError(
      `${what} is ${typeof name === "string" ? `'${printable(name)}'` : typeof name}: give 1 to ${MAX_ID_LENGTH} characters without control characters.`,
    );
  }
  assertNoStep(name, what);
}

function assertText(value: unknown, what: string, maxLength: number): asserts value is string {
  if (typeof value !== "string")
    throw new InvalidArgumentError(`${what} is of type ${typeof value}: give a string.`);
  if (value.length < 1 || value.length > maxLength) {
    throw new InvalidArgumentError(`${what} has ${value.length} characters: give 1 to ${maxLength}.`);
  }
  if (/[/\\#?]/.test(value) || hasControl(value) || /\p{Surrogate}/u.test(value)) {
    throw new InvalidArgumentError(
      `${what} '${printable(value)}' contains one of / \\ # ?, a control character or half a surrogate pair: leave them out.`,
    );
  }
  assertNoStep(value, what);
}

/** No URL can hold these: whoever resolves it takes them for this folder and the one above. */
function assertNoStep(text: string, what: string): void {
  if (text !== "." && text !== "..") return;
  throw new InvalidArgumentError(`${what} is '${text}', which no URL can hold: give more than dots.`);
}

function hasControl(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\u007f-\u009f]/.test(text);
}

function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1).slice(0, 80);
}

/** 32 hex digits that depend on the parts alone: the same decision always gets the same id. */
export function deriveId(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/** Name-based UUID, version 5 of RFC 9562. */
export function uuidV5(name: string, namespace: string): string {
  const hash = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    .update(name)
    .digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
