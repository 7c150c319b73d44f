import type { DeadLetterDetails } from "../contract/dead-letters";
import { listing } from "./pages";
import type { Listing } from "./pages";
import { segment } from "./paths";
import type { Transport } from "./transport";

/** Messages nobody could process. */
export class ManagementDeadLetters {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** `showBody`: the messages themselves, with their payloads. Default: false. */
  list({ showBody }: { readonly showBody?: boolean } = {}): Listing<DeadLetterDetails> {
    return listing(this.#transport, "/dead-letters", { showBody });
  }

  /** Queues the message again. False when there is none. */
  async redrive(id: string): Promise<boolean> {
    return this.act("POST", `${pathOf(id)}/redrive`);
  }

  /** Removes the message for good. False when there is none. */
  async discard(id: string): Promise<boolean> {
    return this.act("DELETE", pathOf(id));
  }

  private async act(method: string, path: string): Promise<boolean> {
    const { status } = await this.#transport.request(method, path, { expected: [404] });
    return status !== 404;
  }
}

function pathOf(id: string): string {
  return `/dead-letters/${segment(id, "The dead letter id")}`;
}
