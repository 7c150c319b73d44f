import { createServer } from "node:http";
import type { Server, ServerOptions } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Client } from "@perdure/client";
import { InvalidArgumentError } from "@perdure/core";
import { createManagementApi } from "./management-api";
import type { ManagementApiOptions } from "./options";
import { endQueuedAnswers } from "./queued-answers";
import { isLoopback } from "./security/this-machine";

export interface ServeOptions extends ManagementApiOptions {
  /** Name or address to listen on. Others than those of this machine need `keys` or `verify`. Default: `127.0.0.1`. */
  readonly hostname?: string;
  /** 0: a free one. Default: 7071. */
  readonly port?: number;
  /** How long a request may take to arrive, in milliseconds. Answers may take as long as they need. Default: 30,000. */
  readonly requestTimeoutMs?: number;
}

export interface ManagementServer {
  /** `http://127.0.0.1:7071`, without the prefix. */
  readonly url: string;
  /** Takes no more requests, ends waits and streams, and resolves when all connections are closed. May be called twice. */
  close: () => Promise<void>;
}

const DEFAULT_PORT = 7071;
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 1000;
/** Longer than proxies and load balancers keep theirs: the one who closes first must not be the one who is sent to. */
const KEEP_ALIVE_MS = 75_000;
/** What is still answered then is cut off. */
const CLOSE_TIMEOUT_MS = 5000;

/**
 * Serves the management API.
 *
 * @throws InvalidArgumentError when it would listen beyond this machine without keys; what `listen` throws, such as
 * EADDRINUSE.
 */
export async function serveManagementApi(
  client: Client,
  options: ServeOptions = {},
): Promise<ManagementServer> {
  const {
    hostname = "127.0.0.1",
    port = DEFAULT_PORT,
    requestTimeoutMs = REQUEST_TIMEOUT_MS,
    ...rest
  } = options;
  assertKept(hostname, options);
  const stopping = new AbortController();
  const signal = rest.signal ? AbortSignal.any([rest.signal, stopping.signal]) : stopping.signal;
  const app = createManagementApi(client, { ...rest, signal });
  const server = createAdaptorServer({
    fetch: app.fetch,
    createServer,
    serverOptions: limits(requestTimeoutMs),
    hostname,
    overrideGlobalObjects: false,
  }) as Server;
  server.maxConnections = MAX_CONNECTIONS;
  endQueuedAnswers(server);
  server.on("request", (_request, response) => {
    // What was answered while the server stops leaves an idle connection.
    response.once("close", () => {
      if (stopping.signal.aborted) setImmediate(() => server.closeIdleConnections());
    });
  });
  await listen(server, port, hostname);
  let closing: Promise<void> | undefined;
  return {
    url: urlOf(server.address() as AddressInfo),
    close: () => (closing ??= close(server, stopping)),
  };
}

/** @throws InvalidArgumentError */
function assertKept(hostname: string, { keys, verify }: ServeOptions): void {
  if (isLoopback(hostname) || keys || verify) return;
  throw new InvalidArgumentError(
    `The management API would listen on '${hostname}', where others reach it, and let all of them do everything. Give it keys or a verify function, or let it listen on 127.0.0.1.`,
  );
}

/** A request that does not arrive, header by header or byte by byte, ends. */
function limits(requestTimeoutMs: number): ServerOptions {
  return {
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.ceil(requestTimeoutMs / 2),
    connectionsCheckingInterval: Math.max(Math.ceil(requestTimeoutMs / 10), 50),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
}

function listen(server: Server, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

function urlOf({ address, port, family }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

async function close(server: Server, stopping: AbortController): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  stopping.abort();
  server.closeIdleConnections();
  const deadline = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
  await closed;
  clearTimeout(deadline);
}
