/** A server on a free port of loopback that remembers what it was asked. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Responder = (request: ReceivedRequest, response: ServerResponse) => void;

export class TestServer {
  readonly received: ReceivedRequest[] = [];
  readonly #server = createServer((request, response) => void this.serve(request, response));

  /** What it answers: by default 200 and nothing. */
  respond: Responder = (_request, response) => response.end();

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = request;
    const received = { method, path, headers, body: await text(request) };
    this.received.push(received);
    this.respond(received, response);
  }
}
