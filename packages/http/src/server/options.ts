import type { AnyOrchestration, Clock, Duration, Logger, StandardSchema } from "@perdure/core";

/** A reader sees everything but the messages of dead letters; an operator also changes. */
export type ManagementRole = "reader" | "operator";

/** Who asks. */
export interface Principal {
  /** For the audit. */
  readonly name: string;
  readonly role: ManagementRole;
}

/** A secret and what it allows. */
export interface ManagementKey extends Principal {
  /** 16 characters or more. Sent as bearer token, as `x-functions-key`, or as `code` in the query. */
  readonly key: string;
}

/** Says who asks; `undefined` refuses the request. It gets the request without its body. */
export type Verify = (request: Request) => Principal | undefined | Promise<Principal | undefined>;

/** An orchestration that people start over HTTP. */
export interface ListedOrchestration {
  readonly orchestration: AnyOrchestration | string;
  /** What its input must look like. Default: the schema of the definition. */
  readonly input?: StandardSchema;
  /** For the OpenAPI document, where the library of the schema does not tell. */
  readonly inputJsonSchema?: Readonly<Record<string, unknown>>;
  readonly description?: string;
}

export interface RateLimit {
  /** Requests of one caller. */
  readonly limit: number;
  readonly window: Duration;
}

export interface ManagementApiOptions {
  /** Default: `/runtime/webhooks/durabletask`, where Durable Functions has it. */
  readonly prefix?: string;
  /** The URL under which others reach the API, prefix included. Default: what each request was sent to. */
  readonly publicUrl?: string;
  /** Name of the hub: a request that names another one in `taskHub` is refused. */
  readonly taskHub?: string;
  /** Who may do what. Without keys and `verify` only this machine may, and may do all. */
  readonly keys?: readonly ManagementKey[];
  /** Asked when no key fits. */
  readonly verify?: Verify;
  /** Told in the OpenAPI document; inputs are validated where there is a schema. */
  readonly orchestrations?: readonly ListedOrchestration[];
  /** Whether orchestrations that are not listed can be started. Default: `"start"`. */
  readonly unlisted?: "start" | "refuse";
  /** Secrets that sign event URLs, 32 characters or more. The first signs, all verify. Default: no such URLs. */
  readonly eventUrlKeys?: readonly string[];
  /** Default: 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Default: 3,000 a minute. */
  readonly rateLimit?: RateLimit | false;
  /** Requests that wait or stream at a time. Default: 200. */
  readonly maxWaiting?: number;
  /** What must hold, beside reachable storage, for the server to be ready. */
  readonly readiness?: Readonly<Record<string, () => boolean | Promise<boolean>>>;
  /** Gets one line for each action. Default: JSON lines on standard error. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Ends waits and streams when it aborts. */
  readonly signal?: AbortSignal;
}
