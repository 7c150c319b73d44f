/**
 * URLs that raise one event once. All that is needed is in the URL and signed, so that nothing is stored for it and any
 * server with the secret takes it.
 *
 * What makes it single-use is the instance's own history. A token says which generation of the instance it is for, and
 * from it the event's id is derived, the same for every use: the history of a generation takes an event of one id once,
 * whichever process sends it and however often. So a repeat has no effect even while nobody knows of the first.
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { InvalidArgumentError, deriveId } from "@perdure/core";
import type { Payload } from "@perdure/core";

/** What a token allows. */
export interface EventGrant {
  readonly instanceId: string;
  readonly executionId: string;
  readonly eventName: string;
  readonly payload?: Payload;
  readonly title?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Makes each token another one. */
  readonly nonce: string;
}

/** The secrets of one server, or of several that know each other's. */
export class EventUrlSigner {
  readonly #keys: readonly string[];

  /** The first key signs, all verify. @throws InvalidArgumentError for no key, or a short one. */
  constructor(keys: readonly string[]) {
    if (keys.length === 0 || keys.some((key) => typeof key !== "string" || key.length < SHORTEST_KEY)) {
      throw new InvalidArgumentError(
        `Event URLs need keys of ${SHORTEST_KEY} random characters or more: one is shorter, or there is none.`,
      );
    }
    this.#keys = keys;
  }

  /** @throws InvalidArgumentError when it would be too long for a URL. */
  sign(grant: Omit<EventGrant, "nonce">): string {
    const body = Buffer.from(JSON.stringify({ ...grant, nonce: randomUUID() })).toString("base64url");
    if (body.length > LONGEST_BODY) {
      throw new InvalidArgumentError(
        "The payload is too large for a URL: give one of less than 2,000 characters, and look the rest up by it.",
      );
    }
    return `${body}.${signatureOf(body, this.#keys[0] ?? "").toString("base64url")}`;
  }

  /** What a token allows, whether or not it has expired; `undefined` unless one of the keys signed it. */
  verify(token: string): EventGrant | undefined {
    const [body = "", signature = "", ...more] = token.split(".");
    const given = Buffer.from(signature, "base64url");
    let isSigned = false;
    for (const key of this.#keys) {
      const expected = signatureOf(body, key);
      if (given.length === expected.length && timingSafeEqual(given, expected)) isSigned = true;
    }
    if (!isSigned || more.length > 0) return undefined;
    return JSON.parse(Buffer.from(body, "base64url").toString()) as EventGrant;
  }
}

const SHORTEST_KEY = 32;
const LONGEST_BODY = 4096;

/** The same for every use of a token. */
export function eventIdOf({ instanceId, nonce }: EventGrant): string {
  return deriveId("event url", instanceId, nonce);
}

function signatureOf(body: string, key: string): Buffer {
  return createHmac("sha256", key).update(body).digest();
}
