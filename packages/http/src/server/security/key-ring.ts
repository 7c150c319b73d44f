import { createHash, timingSafeEqual } from "node:crypto";
import { InvalidArgumentError, assertName } from "@perdure/core";
import type { ManagementKey, Principal } from "../options";

const SHORTEST_KEY = 16;

/** API keys, of which only digests are kept. */
export class KeyRing {
  readonly #keys: readonly { readonly principal: Principal; readonly digest: Buffer }[];

  /** @throws InvalidArgumentError for short keys, keys or names given twice, and unknown roles. */
  constructor(keys: readonly ManagementKey[]) {
    for (const { name, key, role } of keys) assertKey(name, key, role);
    assertUnique(keys.map(({ name }) => name));
    assertUnique(keys.map(({ key }) => key));
    this.#keys = keys.map(({ name, role, key }) => ({ principal: { name, role }, digest: digestOf(key) }));
  }

  /** Whose key it is. Takes as long for a wrong key as for a right one: all are compared, by digests of one length. */
  find(key: string): Principal | undefined {
    const digest = digestOf(key);
    let found: Principal | undefined;
    for (const known of this.#keys) if (timingSafeEqual(known.digest, digest)) found = known.principal;
    return found;
  }
}

function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** The texts have no part of a key. */
function assertKey(name: unknown, key: unknown, role: unknown): void {
  assertName(name, "The name of a key");
  if (typeof key !== "string" || key.length < SHORTEST_KEY) {
    throw new InvalidArgumentError(
      `The key '${name}' is too short: give ${SHORTEST_KEY} random characters or more.`,
    );
  }
  if (role !== "reader" && role !== "operator")
    throw new InvalidArgumentError(
      `The role of the key '${name}' is not known: give "reader" or "operator".`,
    );
}

function assertUnique(values: readonly string[]): void {
  if (new Set(values).size === values.length) return;
  throw new InvalidArgumentError("Two keys have the same name or the same key: give each its own.");
}
