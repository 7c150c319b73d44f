/**
 * Translates what the SDK and the services say into the errors of `storage-errors.ts`. An SDK error is never kept as a
 * cause: it holds the request with its signature.
 */
import { type HttpHeaders, isRestError } from "@azure/core-rest-pipeline";
import {
  BackendConfigurationError,
  StorageAccessDeniedError,
  StorageUnavailableError,
  spanText,
} from "@perdure/core";
import { StorageConflict, StorageRejectedError } from "./storage-errors";

/** A request that the service refused. */
export interface Refusal {
  readonly status: number;
  /** The service's error code, for example `EntityAlreadyExists`; empty when it gave none. */
  readonly code: string;
  /** The service's own words. */
  readonly detail?: string | undefined;
  /** Names the request in the service's logs. */
  readonly requestId?: string | undefined;
  /** How far ahead of the service's clock the request was dated, in milliseconds; negative: behind. */
  readonly aheadMs?: number | undefined;
}

const UNAVAILABLE_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const NOT_CREATED: ReadonlySet<string> = new Set(["TableNotFound", "QueueNotFound", "ContainerNotFound"]);
/** A refused request that was dated as far off was probably refused for that. */
const SKEW_SUSPECTED_MS = 10 * 60_000;
const CLOCK_ERRORS: ReadonlySet<string> = new Set(["CERT_NOT_YET_VALID", "CERT_HAS_EXPIRED"]);
const STALE_RECEIPT = "PopReceiptMismatch";

/** True when the same request may be answered if it is sent again later. */
export function isTransientStatus(status: number): boolean {
  return UNAVAILABLE_STATUSES.has(status);
}

/** True when the table, queue or container itself is missing, and not something in it. */
export function isNotCreated(refusal: Refusal): boolean {
  return NOT_CREATED.has(refusal.code);
}

/** @param subject What was asked for, for example `table 'ShopHistory'`. */
export function refusalError(subject: string, refusal: Refusal): Error {
  const { status, code } = refusal;
  const answer = `${code === "" ? "no code" : code}, HTTP ${status}${refusal.requestId ? `, request ${refusal.requestId}` : ""}`;
  const { aheadMs = 0 } = refusal;
  if (status === 403 && Math.abs(aheadMs) > SKEW_SUSPECTED_MS) {
    const side = aheadMs > 0 ? "ahead of" : "behind";
    return new StorageAccessDeniedError(
      `Storage refused access to ${subject} (${answer}): this machine's clock is ${spanText(aheadMs)} ${side} storage's, and storage takes no request signed more than 15 minutes off. Set the clock, best by time synchronisation (NTP), and start again.`,
    );
  }
  if (status === 401 || status === 403) {
    return new StorageAccessDeniedError(
      `Storage refused access to ${subject} (${answer}). Check the key, the signature's expiry and permissions or the identity's data roles, the account's firewall, and this machine's clock.`,
    );
  }
  if (isTransientStatus(status)) {
    return new StorageUnavailableError(`Storage failed on ${subject} (${answer}).`);
  }
  if (isNotCreated(refusal)) {
    return new BackendConfigurationError(
      `The ${subject} does not exist (${answer}). Create the task hub first, and check its name and the account.`,
    );
  }
  if (status === 404) return new StorageConflict("missing", `Nothing to change in ${subject} (${answer}).`);
  if (status === 412) return new StorageConflict("stale", `Something in ${subject} has changed (${answer}).`);
  if (code === STALE_RECEIPT) {
    return new StorageConflict("stale", `A message of ${subject} has changed (${answer}).`);
  }
  if (code === "EntityAlreadyExists") {
    return new StorageConflict("exists", `The row exists already in ${subject} (${answer}).`);
  }
  if (code.endsWith("BeingDeleted") || code.endsWith("BeingCreated")) {
    return new StorageUnavailableError(
      `The ${subject} is still being deleted or created (${answer}). Try again in a minute.`,
    );
  }
  const detail = refusal.detail ? ` ${redact(firstLine(refusal.detail))}` : "";
  return new StorageRejectedError(`Storage rejected a request to ${subject} (${answer}).${detail}`, code);
}

/** Translates what an SDK client or its pipeline threw. */
export function thrownError(subject: string, error: unknown): unknown {
  if (!isRestError(error)) return error; // ours already, or a bug
  const { statusCode, response, code } = error;
  if (CLOCK_ERRORS.has(code ?? "")) {
    return new StorageUnavailableError(
      `Storage could not be reached for ${subject} (${code}): by this machine's clock its certificate is not valid. Check this machine's clock.`,
    );
  }
  if (statusCode === undefined || !response) {
    return new StorageUnavailableError(
      `Storage could not be reached for ${subject} (${code ?? "no code"}: ${redact(firstLine(error.message))}). Check the account's name, the network and, if it is local, that the emulator runs.`,
    );
  }
  return refusalError(subject, {
    status: statusCode,
    code: errorCodeOf(response.headers.get("x-ms-error-code"), response.bodyAsText) || (code ?? ""),
    requestId: response.headers.get("x-ms-request-id"),
    aheadMs: datedAhead(response.request.headers, response.headers),
  });
}

/** How far ahead of the answer's date the request was signed; `undefined` when one of them has none. */
export function datedAhead(request: HttpHeaders, answer: HttpHeaders): number | undefined {
  const aheadMs = Date.parse(request.get("x-ms-date") ?? "") - Date.parse(answer.get("date") ?? "");
  return Number.isNaN(aheadMs) ? undefined : aheadMs;
}

/**
 * The service's error code; empty when it gave none. Tables may say it only in the body, in JSON, others in XML.
 *
 * @param header The answer's `x-ms-error-code`.
 */
export function errorCodeOf(header: string | undefined, body: string | null | undefined): string {
  if (header !== undefined) return header;
  const match = /<Code>(\w+)<\/Code>|"code"\s*:\s*"(\w+)"/.exec(body ?? "");
  return match?.[1] ?? match?.[2] ?? "";
}

/** The service's explanation in the body of an answer. */
export function errorDetailIn(body: string): string | undefined {
  return /<Message>([^<]*)|"value"\s*:\s*"((?:[^"\\]|\\.)*)"/
    .exec(body)
    ?.slice(1)
    .find(Boolean)
    ?.replaceAll("\\n", "\n");
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/** Blanks what could sign a request: signatures of shared access and account keys. */
function redact(text: string): string {
  return text
    .replace(/([?&;]|\b)(sig|AccountKey|SharedAccessSignature)=[^&;\s'"]*/gi, "$1$2=***")
    .replace(/(SharedKey(?:Lite)? [^:\s]+:|Bearer )\S+/g, "$1***");
}
