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

  /** The text without the token, as it is or as JSON and URLs have it. */
  blot(text: string): string {
    const forms = [this.#token, JSON.stringify(this.#token).slice(1, -1)];
    return [...forms, ...forms.map(encodeURIComponent)].reduce(
      (blotted, form) => blotted.replaceAll(form, BLOT),
      text,
    );
  }
}
