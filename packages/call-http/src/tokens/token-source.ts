import { InvalidArgumentError } from "@perdure/core";

/**
 * Says where the worker gets a token: a description, without the token itself. It enters the history, so it is plain
 * data. `kind` names the provider; what else is in it is the provider's.
 */
export interface TokenSource {
  readonly kind: string;
  /** The header that carries the token as it is. Default: `authorization`, as `Bearer` and the token. */
  readonly header?: string;
}

/**
 * Gets the token for a source: called by the worker for each request, so it is for the provider to keep it as long as
 * it is valid. What it throws enters the history: it must not tell secrets.
 */
export type TokenProvider = (source: TokenSource, signal: AbortSignal) => string | Promise<string>;

/** A user-assigned identity, by one of its ids. */
export interface ManagedIdentityOptions {
  readonly clientId?: string;
  readonly objectId?: string;
  /** The Azure resource id of the identity. */
  readonly resourceId?: string;
}

export interface ManagedIdentitySource extends TokenSource, ManagedIdentityOptions {
  readonly kind: typeof MANAGED_IDENTITY;
  readonly resource: string;
}

export interface NamedSecretSource extends TokenSource {
  readonly kind: typeof NAMED_SECRET;
  readonly name: string;
}

export const MANAGED_IDENTITY = "AzureManagedIdentity";
export const NAMED_SECRET = "NamedSecret";

/**
 * The managed identity of the Azure resource that the worker runs on; without options the system-assigned one.
 *
 * @param resource Whom the token is for: `"https://management.azure.com/"`.
 * @throws InvalidArgumentError
 */
export function managedIdentity(
  resource: string,
  options: ManagedIdentityOptions = {},
): ManagedIdentitySource {
  assertText(resource, "The resource of a managed identity");
  const ids = Object.entries(options).filter(([, id]) => id !== undefined);
  for (const [name, id] of ids) {
    if (!["clientId", "objectId", "resourceId"].includes(name)) {
      throw new InvalidArgumentError(
        `A managed identity has no option '${name}': give clientId, objectId or resourceId.`,
      );
    }
    assertText(id, `The ${name} of a managed identity`);
  }
  if (ids.length > 1) {
    throw new InvalidArgumentError(
      "A managed identity has several ids: give one of clientId, objectId and resourceId.",
    );
  }
  return { kind: MANAGED_IDENTITY, resource, ...options };
}

/**
 * A secret that each worker has under this name, in its option `http.secrets`.
 *
 * @param options.header The header that carries it as it is: `"x-api-key"`. Default: `authorization`, as `Bearer`.
 * @throws InvalidArgumentError
 */
export function namedSecret(name: string, options: { readonly header?: string } = {}): NamedSecretSource {
  assertText(name, "The name of a secret");
  const { header } = options;
  return { kind: NAMED_SECRET, name, ...(header === undefined ? {} : { header }) };
}

function assertText(value: unknown, what: string): asserts value is string {
  if (typeof value === "string" && value.trim() !== "") return;
  const found = typeof value === "string" ? "empty" : `of type ${typeof value}`;
  throw new InvalidArgumentError(`${what} is ${found}: give a string of one character or more.`);
}
