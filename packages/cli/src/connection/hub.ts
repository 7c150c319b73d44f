import { existsSync } from "node:fs";
import { Client } from "@perdure/client";
import { optional } from "@perdure/core";
import type { Backend, Logger } from "@perdure/core";
import { ManagementClient, createManagementApi } from "@perdure/http";
import { CommandFailure } from "../failures";
import type { Surroundings } from "../surroundings";
import type { Place } from "./place";
import { openBackend } from "./storage";

/** A hub to operate. */
export interface OpenHub {
  readonly client: ManagementClient;
  /** Why the last request failed, where its answer does not say. */
  reason(): string | undefined;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Whether a hub that is not there is made. Default: false. */
  readonly create?: boolean;
  /** Whether storage that cannot be used is told of in answers, as any other trouble. Default: false, it throws. */
  readonly tolerant?: boolean;
}

/** Where nothing listens: requests to it are answered in this process. */
const INSIDE = "http://127.0.0.1";
/** Payloads may have 64 MiB; there is nobody to be protected from. */
const MOST_BODY_BYTES = 80 * 1024 * 1024;

/**
 * The one way to a hub is the management API: of a server by requests, of storage by the API in this process, without a
 * socket.
 *
 * @throws CommandFailure when there is no hub; BackendConfigurationError, StorageUnavailableError,
 * StorageAccessDeniedError
 */
export async function openHub(
  place: Place,
  { workingFolder }: Surroundings,
  { create = false, tolerant = false }: OpenOptions = {},
): Promise<OpenHub> {
  if (place.kind === "server") return onServer(place);
  if (place.kind === "file" && !create && !existsSync(place.path)) {
    throw new CommandFailure("notFound", `There is no task hub in ${place.path}.`, [
      "Begin one with 'perdure dev' or 'perdure worker', or say where it is: --path, --connection-string, --url, --profile.",
    ]);
  }
  const backend = openBackend(place, workingFolder);
  if (!tolerant) await ready(backend);
  const log = new LastError();
  const api = createManagementApi(new Client(backend), {
    logger: log,
    rateLimit: false,
    maxBodyBytes: MOST_BODY_BYTES,
  });
  return {
    client: new ManagementClient({ url: INSIDE, fetch: (request) => api.fetch(request) }),
    reason: () => log.text,
    close: () => backend.stop(),
  };
}

/** @throws StorageUnavailableError, StorageAccessDeniedError, BackendConfigurationError */
async function ready(backend: Backend): Promise<void> {
  try {
    await backend.createTaskHub();
  } catch (error) {
    await backend.stop();
    throw error;
  }
}

function onServer({ url, key, taskHub }: Extract<Place, { readonly kind: "server" }>): OpenHub {
  const client = new ManagementClient({
    url,
    ...optional("key", key),
    ...(taskHub === undefined ? {} : { fetch: (request: Request) => fetch(withTaskHub(request, taskHub)) }),
  });
  return { client, reason: () => undefined, close: () => Promise.resolve() };
}

/** The server refuses when it serves another one. */
function withTaskHub(request: Request, taskHub: string): Request {
  const url = new URL(request.url);
  url.searchParams.set("taskHub", taskHub);
  return new Request(url, request);
}

/** The API tells its callers less than its log: here both are the same person. */
class LastError implements Logger {
  text: string | undefined;

  error(_message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (typeof fields["error"] === "string") this.text = fields["error"];
  }

  debug(): void {
    // nobody reads it
  }

  info(): void {
    // nobody reads it
  }

  warn(): void {
    // nobody reads it
  }
}
