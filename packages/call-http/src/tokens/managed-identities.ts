/**
 * Tokens of the managed identities of the machine: from the endpoint that App Service, Functions and Container Apps
 * announce in the environment, else from the metadata service of a virtual machine.
 */
import { NonRetriableError } from "@perdure/core";
import type { Clock } from "@perdure/core";
import { TimeLimit } from "../time-limit";
import type { ManagedIdentitySource } from "./token-source";

type Environment = Readonly<Record<string, string | undefined>>;

export interface ManagedIdentitySettings {
  readonly clock: Clock;
  /** Default: that of the process. */
  readonly environment?: Environment;
  /** Default: where every virtual machine has it. */
  readonly metadataUrl?: string;
}

interface Entry {
  readonly token: Promise<string>;
  /** Milliseconds since the epoch; Infinity while it is on its way. */
  expiresAt: number;
}

interface Endpoint {
  readonly url: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Record<string, string>>;
}

const METADATA_URL = "http://169.254.169.254/metadata/identity/oauth2/token";
const REQUEST_TIMEOUT_MS = 10_000;
/** A token that is valid for less is not used any more. */
const LEAST_VALIDITY_MS = 300_000;
/** Of the answers 4xx, they say that it may go well later. */
const PASSING = [404, 410, 429];
const LONGEST_REASON = 500;

export class ManagedIdentities {
  /** By identity and resource. Those that could not be got are forgotten. */
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #environment: Environment;
  readonly #metadataUrl: string;

  constructor({ clock, environment = process.env, metadataUrl = METADATA_URL }: ManagedIdentitySettings) {
    this.#clock = clock;
    this.#environment = environment;
    this.#metadataUrl = metadataUrl;
  }

  /** Several that need the same one at the same time share a request. Messages of errors go on a sentence. */
  token(source: ManagedIdentitySource): Promise<string> {
    const { resource, clientId, objectId, resourceId } = source;
    const key = JSON.stringify([resource, clientId, objectId, resourceId]);
    const known = this.#entries.get(key);
    if (known && known.expiresAt - this.#clock.now() > LEAST_VALIDITY_MS) return known.token;
    const entry: Entry = {
      token: this.request(source).then(({ token, expiresAt }) => {
        entry.expiresAt = expiresAt;
        return token;
      }),
      expiresAt: Number.POSITIVE_INFINITY,
    };
    this.#entries.set(key, entry);
    entry.token.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry.token;
  }

  private async request(source: ManagedIdentitySource): Promise<{ token: string; expiresAt: number }> {
    const endpoint = this.endpoint(source);
    const limit = new TimeLimit(this.#clock, REQUEST_TIMEOUT_MS);
    try {
      const response = await this.fetch(endpoint, limit.signal);
      return this.tokenIn(await response.json().catch(() => undefined)); // what cannot be read may have a token in it
    } finally {
      limit.end();
    }
  }

  private endpoint({ resource, clientId, objectId, resourceId }: ManagedIdentitySource): Endpoint {
    const { IDENTITY_ENDPOINT: url, IDENTITY_HEADER: secret } = this.#environment;
    if (url !== undefined && secret !== undefined) {
      return {
        url,
        query: {
          ...{ "api-version": "2019-08-01", resource },
          ...{ client_id: clientId, principal_id: objectId, mi_res_id: resourceId },
        },
        headers: { "x-identity-header": secret },
      };
    }
    return {
      url: this.#metadataUrl,
      query: {
        ...{ "api-version": "2018-02-01", resource },
        ...{ client_id: clientId, object_id: objectId, msi_res_id: resourceId },
      },
      headers: { metadata: "true" },
    };
  }

  /** Follows no redirect: the header is for nobody else. */
  private async fetch({ url, query, headers }: Endpoint, signal: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      const target = new URL(url);
      for (const [name, value] of Object.entries(query))
        if (value !== undefined) target.searchParams.set(name, value);
      response = await fetch(target, { headers, signal, redirect: "manual" });
    } catch {
      // An error of fetch may quote the header.
      throw new Error(
        signal.aborted
          ? `the managed identity endpoint did not answer within ${REQUEST_TIMEOUT_MS} ms; it is there on machines in Azure that have an identity`
          : "the managed identity endpoint cannot be reached; it is there on machines in Azure that have an identity",
      );
    }
    if (response.status === 200) return response;
    const message = `the managed identity endpoint answered ${response.status}${reasonIn(await response.text())}`;
    if (response.status >= 500 || PASSING.includes(response.status)) throw new Error(message);
    throw new NonRetriableError(message);
  }

  private tokenIn(body: unknown): { token: string; expiresAt: number } {
    const {
      access_token: token,
      expires_on: on,
      expires_in: left,
    } = Object(body) as Readonly<Record<string, unknown>>;
    if (typeof token !== "string" || token === "")
      throw new Error("the managed identity endpoint sent no token");
    const now = this.#clock.now();
    const expiresAt = seconds(on) ?? now + (seconds(left) ?? 0);
    return { token, expiresAt };
  }
}

/** As milliseconds. Endpoints send numbers as text. */
function seconds(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number * 1000 : undefined;
}

/** What an endpoint says of an error, to go on a sentence. */
function reasonIn(text: string): string {
  try {
    const { error, error_description, message } = Object(JSON.parse(text)) as Readonly<
      Record<string, unknown>
    >;
    const reason = [error, error_description, message].filter((part) => typeof part === "string").join(": ");
    return reason === "" ? "" : `: ${reason.slice(0, LONGEST_REASON)}`;
  } catch {
    return ""; // not JSON: a page of some proxy
  }
}
