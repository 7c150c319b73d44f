import { InvalidArgumentError } from "@perdure/core";
import { nearest } from "../nearest";
import { MOST_ITEMS } from "./bounds";

/**
 * An object whose fields have yet to be read.
 *
 * @throws InvalidArgumentError unless an object with no other fields than `known`.
 */
export function fieldsOf<F extends string>(
  value: unknown,
  known: readonly F[],
  what: string,
): Readonly<Partial<Record<F, unknown>>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError(`${what} is not an object: give one with any of ${known.join(", ")}.`);
  }
  const unknown = Object.keys(value).find((field) => !(known as readonly string[]).includes(field));
  if (unknown === undefined) return value as Readonly<Partial<Record<F, unknown>>>;
  const similar = nearest(unknown, known);
  const hint = similar === undefined ? `give any of ${known.join(", ")}.` : `did you mean '${similar}'?`;
  throw new InvalidArgumentError(`${what} has an unknown field '${unknown.slice(0, 64)}': ${hint}`);
}

/**
 * One value, or a list of them, read one by one; nothing when absent. What is the same once read is kept once.
 *
 * @throws InvalidArgumentError for the empty list, and one that is too long.
 */
export function listOf<T>(
  given: unknown,
  what: string,
  read: (item: unknown, what: string) => T,
): readonly T[] | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given)) return [read(given, what)];
  if (given.length === 0) {
    throw new InvalidArgumentError(`${what} is an empty list: give one item or more, or leave it out.`);
  }
  if (given.length > MOST_ITEMS) {
    throw new InvalidArgumentError(`${what} has ${given.length} items: give ${MOST_ITEMS} at most.`);
  }
  const items = given.map((item: unknown, index) => read(item, `${what}[${index}]`));
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** @throws InvalidArgumentError unless absent or among `allowed`. */
export function oneOf<const T extends string>(
  value: unknown,
  allowed: readonly T[],
  what: string,
): T | undefined {
  const found = allowed.find((item) => item === value);
  if (found !== undefined || value === undefined) return found;
  const choices = allowed.map((item) => `"${item}"`).join(", ");
  throw new InvalidArgumentError(`${what} is ${shown(value)}: give one of ${choices}, or leave it out.`);
}

/** A value as error messages quote it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `'${value.slice(0, 64)}'`;
  return typeof value === "number" || value === null ? String(value) : `of type ${typeof value}`;
}
