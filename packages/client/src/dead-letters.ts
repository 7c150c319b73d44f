import type { DeadLetter, DeadLetterStore } from "@perdure/core";
import { assertFilledText } from "./arguments";
import type { Connection } from "./connection";

/** The backend's dead letters, with the task hub created on first use and ids checked. */
export class HubDeadLetters implements DeadLetterStore {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async *list(): AsyncGenerator<DeadLetter, undefined> {
    yield* (await this.#connection.deadLetters()).list();
    return undefined;
  }

  async redrive(id: string): Promise<boolean> {
    assertFilledText(id, "The id of the dead letter");
    return (await this.#connection.deadLetters()).redrive(id);
  }

  async discard(id: string): Promise<boolean> {
    assertFilledText(id, "The id of the dead letter");
    return (await this.#connection.deadLetters()).discard(id);
  }
}
