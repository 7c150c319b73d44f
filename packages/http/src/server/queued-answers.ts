import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Requests may come before the one before them is answered. Their answers wait for the connection, and are not told by
 * Node when it closes before they have it: this tells them, so that what works for them ends.
 */
export function endQueuedAnswers(server: Server): void {
  const openBySocket = new WeakMap<Socket, Set<ServerResponse>>();
  server.on("connection", (socket: Socket) => {
    const open = new Set<ServerResponse>();
    openBySocket.set(socket, open);
    socket.once("close", () => {
      for (const response of open) if (response.socket === null) response.emit("close");
    });
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    const open = openBySocket.get(socket);
    open?.add(response);
    response.once("close", () => open?.delete(response));
  });
}
