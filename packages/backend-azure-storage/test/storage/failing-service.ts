import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A storage service that answers as a test says: with the next of its answers, with the last one from then on. */
export class FailingService {
  readonly #server: Server;
  readonly #answers: Answer[];
  requests = 0;

  private constructor(server: Server, answers: readonly Answer[]) {
    this.#server = server;
    this.#answers = [...answers];
  }

  static async start(...answers: readonly Answer[]): Promise<FailingService> {
    const server = createServer();
    const service = new FailingService(server, answers);
    server.on("request", (request, response) => {
      request.resume().on("end", () => service.answer(request, response));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/acct`;
  }

  get connections(): Promise<number> {
    return new Promise((resolve) => this.#server.getConnections((_, count) => resolve(count)));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests++;
    const next = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    next?.(request, response);
  }
}

export function status(code: number, headers: Record<string, string> = {}, body = ""): Answer {
  return (_, response) => response.writeHead(code, headers).end(body);
}

export const dropConnection: Answer = (request) => request.socket.destroy();

export const neverAnswer: Answer = () => undefined;

export const startAndStop: Answer = (_, response) => {
  response.writeHead(200, { "Content-Length": "100" });
  response.write("{");
};

export const startAndDrop: Answer = (request, response) => {
  response.writeHead(200, { "Content-Length": "100" });
  response.write("{", () => request.socket.destroy());
};
