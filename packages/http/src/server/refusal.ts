import type { ErrorBody, Issue } from "../contract/errors";

/** Why a request is refused before anything is asked of the hub. Never leaves the server but as an answer. */
export class Refusal extends Error {
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422 | 429 | 503,
    readonly code: string,
    message: string,
    readonly details: {
      readonly issues?: readonly Issue[];
      readonly facts?: Partial<ErrorBody>;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
  }
}

/** A request that says something no request of the kind may say. */
export function badRequest(issues: readonly Issue[]): Refusal {
  const text = issues.map(({ in: where, path, message }) => `${where}${path && ` '${path}'`}: ${message}`);
  return new Refusal(400, "InvalidArgument", `The request is not valid. ${text.join("; ")}.`, { issues });
}
