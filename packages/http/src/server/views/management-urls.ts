import { InvalidArgumentError } from "@perdure/core";
import type { ManagementPayload } from "../../contract/instances";
import { instancePath } from "../../contract/paths";

/** Where the API is to be found, as the one who asks sees it. */
export class ManagementUrls {
  readonly #prefix: string;
  readonly #publicUrl: string | undefined;

  /** @throws InvalidArgumentError */
  constructor(prefix: string, publicUrl: string | undefined) {
    if (publicUrl !== undefined && !URL.canParse(publicUrl))
      throw new InvalidArgumentError("publicUrl is not a URL: give the one of the API, prefix included.");
    this.#prefix = prefix;
    this.#publicUrl = publicUrl?.replace(/\/+$/, "");
  }

  /**
   * The URL of the API: the public one, or else where the request was sent. `route`: the path below it that the request
   * was for; absent when that was to another server's handler.
   */
  baseOf(request: Request, route?: string): string {
    if (this.#publicUrl !== undefined) return this.#publicUrl;
    const { origin, pathname } = new URL(request.url);
    if (route !== undefined) {
      const depth = route.split("/").length - 1;
      return origin + pathname.split("/").slice(0, -depth).join("/");
    }
    const at = pathname.indexOf(`${this.#prefix}/`);
    return origin + (at < 0 ? "" : pathname.slice(0, at)) + this.#prefix;
  }

  /**
   * Where an instance is asked about and told things. A key that came in the query of the request stays in the URLs,
   * as with Durable Functions: whoever is given them needs no other.
   */
  payload(request: Request, instanceId: string, route?: string): ManagementPayload {
    const base = this.baseOf(request, route) + instancePath(instanceId);
    const code = new URL(request.url).searchParams.get("code");
    const key = code === null ? "" : `code=${encodeURIComponent(code)}`;
    const plain = (path: string): string => base + path + (key && `?${key}`);
    const reasoned = (path: string): string => `${base}${path}?reason={text}${key && `&${key}`}`;
    return {
      id: instanceId,
      statusQueryGetUri: plain(""),
      sendEventPostUri: plain("/raiseEvent/{eventName}"),
      terminatePostUri: reasoned("/terminate"),
      rewindPostUri: reasoned("/rewind"),
      purgeHistoryDeleteUri: plain(""),
      restartPostUri: plain("/restart"),
      suspendPostUri: reasoned("/suspend"),
      resumePostUri: reasoned("/resume"),
      resultGetUri: plain("/result"),
      changesGetUri: plain("/changes"),
      historyGetUri: plain("/history"),
    };
  }
}

/** `/a/b`: one slash before, none after. @throws InvalidArgumentError */
export function normalPrefix(prefix: string): string {
  const trimmed = prefix.replace(/^\/+|\/+$/g, "");
  if (!/^[\w.~-]*(\/[\w.~-]+)*$/.test(trimmed)) {
    throw new InvalidArgumentError(
      "The prefix is not a plain path: give one such as /runtime/webhooks/durabletask.",
    );
  }
  return trimmed === "" ? "" : `/${trimmed}`;
}
