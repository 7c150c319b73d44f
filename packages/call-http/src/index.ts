/** HTTP requests of orchestrations: sent by an activity that every worker has, polled with durable timers. */
export { HTTP_ACTIVITY, callHttp } from "./call-http";
export { httpCode } from "./http-code";
export type { HttpOptions } from "./http-code";
export type { DurableHttpRequest, DurableHttpResponse, HttpRetryPolicy } from "./request";
export { managedIdentity, namedSecret } from "./tokens/token-source";
export type {
  ManagedIdentityOptions,
  ManagedIdentitySource,
  NamedSecretSource,
  TokenProvider,
  TokenSource,
} from "./tokens/token-source";
export type { NamedSecret } from "./tokens/token-providers";
