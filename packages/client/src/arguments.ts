import { InvalidArgumentError } from "@perdure/core";
import type { TerminalStatus } from "@perdure/core";

export const FINISHED: readonly TerminalStatus[] = ["Completed", "Failed", "Terminated"];

/** @throws InvalidArgumentError unless absent or text. */
export function assertOptionalText(value: unknown, what: string): asserts value is string | undefined {
  if (value === undefined || typeof value === "string") return;
  throw new InvalidArgumentError(`${what} is of type ${typeof value}: give a string or leave it out.`);
}

/** @throws InvalidArgumentError unless a string of one character or more. */
export function assertFilledText(value: unknown, what: string): asserts value is string {
  if (typeof value === "string" && value !== "") return;
  const found = value === "" ? "empty" : `of type ${typeof value}`;
  throw new InvalidArgumentError(`${what} is ${found}: give a string of one character or more.`);
}

/** @throws InvalidArgumentError unless an object whose own values are all strings. The text names keys, not values. */
export function assertTags(tags: unknown): asserts tags is Readonly<Record<string, string>> {
  if (typeof tags !== "object" || tags === null || Array.isArray(tags)) {
    throw new InvalidArgumentError("The tags are not an object: give one with a string for each tag.");
  }
  for (const [key, value] of Object.entries(tags)) {
    if (key !== "" && typeof value === "string") continue;
    throw new InvalidArgumentError(
      `The tag '${key}' is not valid: a tag has a name, and its value is a string.`,
    );
  }
}

/** @throws InvalidArgumentError unless a whole number from `min` to `max`. */
export function assertCount(value: unknown, what: string, max: number, min = 1): asserts value is number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
  const found = typeof value === "number" ? String(value) : `of type ${typeof value}`;
  throw new InvalidArgumentError(`${what} is ${found}: give a whole number from ${min} to ${max}.`);
}

/**
 * One item of `allowed`, or a list of them, as a list.
 *
 * @throws InvalidArgumentError for anything else, the empty list included; `hint` says what to do then.
 */
export function statusList<T extends string>(
  given: T | readonly T[],
  allowed: readonly T[],
  what: string,
  hint = "",
): readonly T[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const known: readonly unknown[] = allowed;
  if (list.length > 0 && list.every((item) => known.includes(item))) return list as readonly T[];
  const wrong = list.find((item) => !known.includes(item));
  const found = typeof wrong === "string" ? `has '${wrong.slice(0, 40)}'` : "is not a list of statuses";
  throw new InvalidArgumentError(`${what} ${found}: give one or more of ${allowed.join(", ")}.${hint}`);
}

/** @throws InvalidArgumentError unless a valid `Date`. */
export function timeOf(date: unknown, what: string): number {
  const time = date instanceof Date ? date.getTime() : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new InvalidArgumentError(`${what} is not a valid date: give a valid Date.`);
}
