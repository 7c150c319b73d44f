/**
 * Requests that follow from an answer: redirects, and polls of an operation that was accepted.
 *
 * - F1 Credentials are for the origin they were given for. A request to another one has none, and so have all after it,
 *   also those that come back: who sent us there could choose what is asked in our name.
 * - F2 Whatever is asked for with GET has neither a body nor the headers that describe it.
 */
import { addressOf, isFollowable } from "./address";
import type { HttpAnswer, HttpCall } from "./request";

/** Names that tell of a credential. Better one too many. */
const CREDENTIAL =
  /auth|bearer|cookie|credential|jwt|passw|secret|session|signature|token|(\b|-)pat$|sig$|key$/;
/** They end in `key`, and a repeat must have them. */
const NO_CREDENTIAL = /idempotency-?key$/;

/** The request that a redirect asks for. As browsers do, a 301 and a 302 change the method of POST alone. */
export function redirected(call: HttpCall, statusCode: number, location: URL): HttpCall {
  const moved = movedTo(call, location);
  const { method } = call;
  const asGet =
    (statusCode === 303 && method !== "HEAD") ||
    ((statusCode === 301 || statusCode === 302) && method === "POST");
  return asGet ? withGet(moved) : moved;
}

/**
 * The request that asks how an accepted operation stands; `undefined` when the answer is final. A poll whose answer
 * has no Location is repeated.
 */
export function pollOf(call: HttpCall, answer: HttpAnswer, isPoll: boolean): HttpCall | undefined {
  if (answer.statusCode !== 202) return undefined;
  const location = locationOf(answer, answer.url ?? call.url);
  if (!location || !isFollowable(location)) return isPoll ? call : undefined;
  return withGet(movedTo(answer.credentialsDropped ? withoutCredentials(call) : call, location));
}

/** Where an answer points to; `undefined` when it does not, or to nothing that is a URL. */
export function locationOf(
  { headers }: { readonly headers: Readonly<Record<string, string>> },
  base: string,
): URL | undefined {
  const location = headers["location"];
  return location === undefined ? undefined : addressOf(location, base);
}

/** Whether requests to these have the same credentials. */
export function isSameOrigin(one: string | URL, other: string | URL): boolean {
  return new URL(one).origin === new URL(other).origin;
}

function movedTo(call: HttpCall, target: URL): HttpCall {
  const kept = isSameOrigin(call.url, target) ? call : withoutCredentials(call); // F1
  return { ...kept, url: target.href };
}

function withoutCredentials(call: HttpCall): HttpCall {
  const { tokenSource: _tokenSource, ...rest } = call;
  return { ...rest, headers: headersBut(call, isCredential) };
}

function withGet(call: HttpCall): HttpCall {
  const { body: _body, ...rest } = call;
  return { ...rest, method: "GET", headers: headersBut(call, (name) => name.startsWith("content-")) }; // F2
}

function isCredential(name: string): boolean {
  return CREDENTIAL.test(name) && !NO_CREDENTIAL.test(name);
}

function headersBut(
  { headers }: HttpCall,
  isUnwanted: (name: string) => boolean,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isUnwanted(name)));
}
