import type { TokenSource } from "./token-source";

const BLOT = "***";

/** A token on its way into a request. */
export class Credential {
  readonly header: string;
  readonly value: string;
  readonly #token: string;

  constructor({ header }: TokenSource, token: string) {
    this.header = header ?? "authorization";
    this.value = header === undefined ? `Bearer ${token}` : token;
    this.#token = token;
  }

  /** The text without the token, as it is or as JSON has it. */
  blot(text: string): string {
    return text.replaceAll(this.#token, BLOT).replaceAll(JSON.stringify(this.#token).slice(1, -1), BLOT);
  }
}
