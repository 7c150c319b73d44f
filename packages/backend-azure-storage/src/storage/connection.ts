/**
 * Where storage is and who we are, from a connection string or from an account name and a token credential. Nothing
 * here puts a key, a signature or a whole connection string into an error.
 */
import type { TokenCredential } from "@azure/core-auth";
import { BackendConfigurationError } from "@perdure/core";

/** The storage account to use, and how to sign in. */
export type StorageConnection =
  | {
      /** As the portal shows it, with an account key or a shared access signature; or `UseDevelopmentStorage=true`. */
      readonly connectionString: string;
    }
  | {
      /** Account in the public cloud. */
      readonly accountName: string;
      readonly credential: TokenCredential;
    }
  | {
      /** Addresses of the account's services, for other clouds and own domains. HTTPS only. */
      readonly endpoints: StorageEndpoints;
      readonly credential: TokenCredential;
    };

export interface StorageEndpoints {
  readonly blobUrl: string;
  readonly queueUrl: string;
  readonly tableUrl: string;
}

/** One service of the account. */
export interface Endpoint {
  /** Without a trailing slash and without a query. */
  readonly url: string;
  /** Shared access signature to add to every query, without the question mark; a secret. */
  readonly sas?: string;
}

export type SignIn =
  | { readonly kind: "key"; readonly accountName: string; readonly accountKey: string }
  | { readonly kind: "sas" }
  | { readonly kind: "token"; readonly credential: TokenCredential };

export interface ResolvedConnection {
  readonly blob: Endpoint;
  readonly queue: Endpoint;
  readonly table: Endpoint;
  readonly signIn: SignIn;
}

/** The emulator's published account: the same everywhere, no secret. */
const EMULATOR_ACCOUNT = "devstoreaccount1";
const EMULATOR_KEY =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const SERVICES = ["blob", "queue", "table"] as const;

/** @throws BackendConfigurationError when the options cannot work; it says what to change. */
export function resolveConnection(connection: StorageConnection): ResolvedConnection {
  if ("connectionString" in connection) return fromConnectionString(connection.connectionString);
  const signIn: SignIn = { kind: "token", credential: connection.credential };
  if ("endpoints" in connection) {
    const { blobUrl, queueUrl, tableUrl } = connection.endpoints;
    return {
      blob: secureEndpoint("blobUrl", blobUrl),
      queue: secureEndpoint("queueUrl", queueUrl),
      table: secureEndpoint("tableUrl", tableUrl),
      signIn,
    };
  }
  if (!/^[a-z0-9]{3,24}$/.test(connection.accountName)) {
    throw new BackendConfigurationError(
      "'accountName' is not the name of a storage account: 3 to 24 lower-case letters and digits. Pass the name alone, without a domain.",
    );
  }
  return { ...publicEndpoints("https", connection.accountName, "core.windows.net"), signIn };
}

function fromConnectionString(text: string): ResolvedConnection {
  const settings = parseSettings(text);
  if (settings.get("usedevelopmentstorage")?.toLowerCase() === "true") {
    return emulator(settings.get("developmentstorageproxyuri") ?? "http://127.0.0.1");
  }

  const sas = settings.get("sharedaccesssignature")?.replace(/^\?/, "");
  const accountName = settings.get("accountname");
  const accountKey = settings.get("accountkey");
  const endpoints = statedEndpoints(settings, accountName, sas);
  if (accountName && accountKey) {
    if (Buffer.from(accountKey, "base64").toString("base64") !== accountKey) {
      throw new BackendConfigurationError(
        "The AccountKey in the connection string is not Base64, so it is not complete. Copy the whole connection string from the portal again.",
      );
    }
    return { ...endpoints, signIn: { kind: "key", accountName, accountKey } };
  }
  if (sas) return { ...endpoints, signIn: { kind: "sas" } };
  throw new BackendConfigurationError(
    "The connection string has no AccountName with AccountKey and no SharedAccessSignature. Copy it from the portal ('Access keys'), or set 'accountName' and 'credential' to sign in without a key, or use 'UseDevelopmentStorage=true' for a local emulator.",
  );
}

function parseSettings(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const part of text.split(";").map((entry) => entry.trim())) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    if (equals <= 0) {
      throw new BackendConfigurationError(
        "The connection string is not a list of 'Name=value' separated by semicolons. Copy it from the portal ('Access keys'), or use 'UseDevelopmentStorage=true' for a local emulator.",
      );
    }
    settings.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim());
  }
  return settings;
}

function emulator(host: string): ResolvedConnection {
  const { protocol, hostname } = new URL(endpointUrl("DevelopmentStorageProxyUri", host));
  const url = (port: number): string => `${protocol}//${hostname}:${port}/${EMULATOR_ACCOUNT}`;
  return {
    blob: { url: url(10000) },
    queue: { url: url(10001) },
    table: { url: url(10002) },
    signIn: { kind: "key", accountName: EMULATOR_ACCOUNT, accountKey: EMULATOR_KEY },
  };
}

function statedEndpoints(
  settings: ReadonlyMap<string, string>,
  accountName: string | undefined,
  sas: string | undefined,
): Omit<ResolvedConnection, "signIn"> {
  const protocol = settings.get("defaultendpointsprotocol") ?? "https";
  const suffix = settings.get("endpointsuffix") ?? "core.windows.net";
  const [blob, queue, table] = SERVICES.map((service): Endpoint => {
    const setting = `${service}Endpoint`;
    const stated = settings.get(setting.toLowerCase());
    if (stated === undefined && accountName === undefined) {
      throw new BackendConfigurationError(
        `The connection string has neither AccountName nor ${setting}. Add the address of the account's ${service} service.`,
      );
    }
    const url = endpointUrl(setting, stated ?? `${protocol}://${accountName ?? ""}.${service}.${suffix}`);
    return sas === undefined ? { url } : { url, sas };
  }) as [Endpoint, Endpoint, Endpoint];
  return { blob, queue, table };
}

function publicEndpoints(
  protocol: string,
  account: string,
  suffix: string,
): Omit<ResolvedConnection, "signIn"> {
  const [blob, queue, table] = SERVICES.map((service) => ({
    url: `${protocol}://${account}.${service}.${suffix}`,
  })) as [Endpoint, Endpoint, Endpoint];
  return { blob, queue, table };
}

function secureEndpoint(setting: string, text: string): Endpoint {
  const url = endpointUrl(setting, text);
  if (!url.startsWith("https:")) {
    throw new BackendConfigurationError(
      `'${setting}' must begin with https: tokens are not sent over an open connection. Use a connection string for a local emulator.`,
    );
  }
  return { url };
}

/** The address without query and trailing slash. A stray query could hold a signature, so it is refused unseen. */
function endpointUrl(setting: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== "" ||
    url.username !== "" ||
    url.hash !== ""
  ) {
    throw new BackendConfigurationError(
      `'${setting}' is not the address of a storage service. Give http or https, host, port and path, and nothing else.`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
