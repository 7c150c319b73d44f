import { InvalidArgumentError, NonRetriableError } from "@perdure/core";
import type { Clock } from "@perdure/core";
import { HttpFailure } from "../failures";
import { Credential } from "./credential";
import { ManagedIdentities } from "./managed-identities";
import { MANAGED_IDENTITY, NAMED_SECRET } from "./token-source";
import type { ManagedIdentitySource, NamedSecretSource, TokenProvider, TokenSource } from "./token-source";

/** A secret, or how to get it: asked for each request. */
export type NamedSecret = string | (() => string | Promise<string>);

/** The tokens that a worker can get. */
export interface TokenOptions {
  /** Values for `namedSecret`, by name. */
  readonly secrets?: Readonly<Record<string, NamedSecret>>;
  /** Who gets tokens of other kinds, by the `kind` of their source. May replace those that are built in. */
  readonly tokenProviders?: Readonly<Record<string, TokenProvider>>;
}

/** Gets the tokens that requests are sent with. Its errors do not tell them. */
export class TokenProviders {
  readonly #providers: ReadonlyMap<string, TokenProvider>;

  /** @throws InvalidArgumentError */
  constructor({ secrets = {}, tokenProviders = {} }: TokenOptions, clock: Clock) {
    const identities = new ManagedIdentities({ clock });
    const named = secretsByName(secrets);
    this.#providers = new Map<string, TokenProvider>([
      [MANAGED_IDENTITY, (source) => identities.token(source as ManagedIdentitySource)],
      [NAMED_SECRET, (source) => secretOf(named, (source as NamedSecretSource).name)],
      ...functionsOf(tokenProviders),
    ]);
  }

  async credential(source: TokenSource, signal: AbortSignal): Promise<Credential> {
    const token = await this.token(source, signal);
    if (typeof token !== "string" || !/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(token)) {
      throw tokenFailure(source, "what its provider returned is no text that a header can have");
    }
    return new Credential(source, token);
  }

  /** Providers are code of users: what they return need not be text. */
  private async token(source: TokenSource, signal: AbortSignal): Promise<unknown> {
    const provider = this.#providers.get(source.kind);
    if (!provider) {
      throw tokenFailure(source, "the worker has no provider for it: give it one in http.tokenProviders");
    }
    try {
      return await provider(source, signal);
    } catch (error) {
      const isNonRetriable =
        error instanceof Error && "isNonRetriable" in error && error.isNonRetriable === true;
      const reason = error instanceof Error ? error.message : "its provider threw no error";
      throw tokenFailure(source, reason, { cause: error, isNonRetriable });
    }
  }
}

function tokenFailure(
  { kind }: TokenSource,
  reason: string,
  details: { readonly cause?: unknown; readonly isNonRetriable?: boolean } = { isNonRetriable: true },
): HttpFailure {
  return new HttpFailure("HttpTokenFailed", `No token of kind '${kind}' could be got: ${reason}.`, details);
}

function functionsOf(providers: Readonly<Record<string, TokenProvider>>): [string, TokenProvider][] {
  for (const [kind, provider] of Object.entries(providers)) {
    if (typeof (provider as unknown) === "function") continue;
    throw new InvalidArgumentError(
      `http.tokenProviders has no function for '${kind}': give one that returns a token.`,
    );
  }
  return Object.entries(providers);
}

function secretsByName(secrets: Readonly<Record<string, NamedSecret>>): ReadonlyMap<string, NamedSecret> {
  for (const [name, secret] of Object.entries(secrets)) {
    if (["string", "function"].includes(typeof secret)) continue;
    throw new InvalidArgumentError(
      `http.secrets has a value of type ${typeof secret} for '${name}': give text, or a function that returns it.`,
    );
  }
  return new Map(Object.entries(secrets));
}

function secretOf(secrets: ReadonlyMap<string, NamedSecret>, name: string): string | Promise<string> {
  const secret = secrets.get(name);
  if (secret === undefined) {
    throw new NonRetriableError(`the worker has no secret '${name}': give it in http.secrets`);
  }
  return typeof secret === "string" ? secret : secret();
}
