import type { Client } from "@perdure/client";
import { DEFAULT_PREFIX, serveManagementApi } from "@perdure/http";
import type { ManagementServer, ServeOptions } from "@perdure/http";
import { usageFailure } from "../failures";

export const USUAL_PORT = 7071;
const NEXT_ONES = 20;

/** A management API that listens. */
export interface ApiServer {
  /** Of the API, with its prefix. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves on a port; without one on the usual port, else on one of the next that is free.
 *
 * @throws CommandFailure when the port is taken; InvalidArgumentError.
 */
export async function serve(client: Client, options: ServeOptions): Promise<ApiServer> {
  const { port, prefix = DEFAULT_PREFIX } = options;
  const server =
    port === undefined ? await onFreePort(client, options) : await tryPort(client, { ...options, port });
  if (server) return { url: `${server.url}${prefix}`, close: () => server.close() };
  throw usageFailure(
    `Port ${port} is taken by another program.`,
    "Give another --port, or 0 for any that is free.",
  );
}

async function onFreePort(client: Client, options: ServeOptions): Promise<ManagementServer> {
  for (let port = USUAL_PORT; port < USUAL_PORT + NEXT_ONES; port++) {
    const server = await tryPort(client, { ...options, port });
    if (server) return server;
  }
  return serveManagementApi(client, { ...options, port: 0 });
}

/** Nothing when the port is taken. */
async function tryPort(client: Client, options: ServeOptions): Promise<ManagementServer | undefined> {
  try {
    return await serveManagementApi(client, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
}
