import { InvalidArgumentError, defineActivity } from "@perdure/core";
import type { AnyActivity, Clock } from "@perdure/core";
import { HTTP_ACTIVITY } from "./call-http";
import type { HttpCall } from "./request";
import { RequestSender } from "./send-request";
import type { Fetch } from "./send-request";
import { TokenProviders } from "./tokens/token-providers";
import type { TokenOptions } from "./tokens/token-providers";

/** How a worker sends the requests of `callHttp`. */
export interface HttpOptions extends TokenOptions {
  /** Another one, for proxies or client certificates; it must follow no redirects. Default: Node's. */
  readonly fetch?: Fetch;
}

/**
 * What every worker runs besides its own code.
 *
 * @throws InvalidArgumentError
 */
export function httpCode(
  options: HttpOptions,
  clock: Clock,
): { readonly activities: readonly AnyActivity[] } {
  const { fetch = globalThis.fetch } = options;
  if (typeof (fetch as unknown) !== "function") {
    throw new InvalidArgumentError(
      `http.fetch is of type ${typeof fetch}: give a function, or leave it out.`,
    );
  }
  const sender = new RequestSender(new TokenProviders(options, clock), clock, fetch);
  const handler = defineActivity(HTTP_ACTIVITY, ({ signal }, call: HttpCall) => sender.send(call, signal));
  return { activities: [handler] };
}
