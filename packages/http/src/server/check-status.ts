/** Answers that tell where to ask about an instance, for servers of our own and of users. */
import type { Client, InstanceHandle, InstanceSnapshot } from "@perdure/client";
import { WaitTimeoutError, durationMs } from "@perdure/core";
import type { Duration } from "@perdure/core";
import type { ManagementPayload } from "../contract/instances";
import { DEFAULT_PREFIX } from "../contract/paths";
import type { Services } from "./services";
import { instanceDetails } from "./views/instance-details";
import { ManagementUrls, normalPrefix } from "./views/management-urls";

const LONGEST_WAIT_MS = 3_600_000;
const DEFAULT_WAIT = "10s";

export interface CheckStatusOptions {
  /** As that of the management API. */
  readonly prefix?: string;
  /** The URL of the management API, prefix included. Default: on the host the request was sent to. */
  readonly publicUrl?: string;
}

export interface WaitForCompletionOptions {
  /** Default: 10 s. */
  readonly timeout?: Duration;
  /** Whether a failed instance is answered with status 500. Default: true. */
  readonly errorOnFailure?: boolean;
}

/** Answers for the handlers of a user's own server, which start instances that the management API then tells about. */
export class CheckStatus {
  readonly #client: Client;
  readonly #urls: ManagementUrls;

  /** @throws InvalidArgumentError */
  constructor(client: Client, { prefix = DEFAULT_PREFIX, publicUrl }: CheckStatusOptions = {}) {
    this.#client = client;
    this.#urls = new ManagementUrls(normalPrefix(prefix), publicUrl);
  }

  /** Where an instance is asked about and told things. */
  createHttpManagementPayload(request: Request, instanceId: string): ManagementPayload {
    return this.#urls.payload(request, instanceId);
  }

  /** 202 with these URLs, a `Location` and a `Retry-After`. */
  createCheckStatusResponse(request: Request, instanceId: string): Response {
    const payload = this.createHttpManagementPayload(request, instanceId);
    return Response.json(payload, {
      status: 202,
      headers: { location: payload.statusQueryGetUri, "retry-after": "10" },
    });
  }

  /**
   * When the instance ends in time: 200 with its output, 200 with all about it when it was terminated, 500 with that
   * when it failed. Otherwise as `createCheckStatusResponse`.
   *
   * @throws InstanceNotFoundError; the reason of the request's signal.
   */
  async waitForCompletionOrCreateCheckStatusResponse(
    request: Request,
    instanceId: string,
    { timeout = DEFAULT_WAIT, errorOnFailure = true }: WaitForCompletionOptions = {},
  ): Promise<Response> {
    const handle = this.#client.instance(instanceId);
    const snapshot = await ended(handle, durationMs(timeout, "timeout"), request.signal);
    return snapshot
      ? completionResponse(snapshot, errorOnFailure)
      : this.createCheckStatusResponse(request, instanceId);
  }
}

/** The same for the server's own start; `undefined` when it does not end in time. */
export async function waitForCompletionOrStatus(
  { waiting, stopping }: Services,
  request: Request,
  handle: InstanceHandle,
  timeoutMs: number,
): Promise<Response | undefined> {
  const leave = waiting.enter();
  try {
    const snapshot = await endedUnlessStopped(handle, timeoutMs, request.signal, stopping);
    return snapshot && completionResponse(snapshot, true);
  } finally {
    leave();
  }
}

/** The instance once it has ended; `undefined` when time runs out, or the server stops, before. */
export async function endedUnlessStopped(
  handle: InstanceHandle,
  timeoutMs: number,
  asked: AbortSignal,
  stopping: AbortSignal,
): Promise<InstanceSnapshot | undefined> {
  try {
    return await ended(handle, timeoutMs, AbortSignal.any([asked, stopping]));
  } catch (error) {
    if (stopping.aborted && error === stopping.reason) return undefined;
    throw error;
  }
}

async function ended(
  handle: InstanceHandle,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<InstanceSnapshot | undefined> {
  try {
    return await handle.waitForCompletion({ timeout: Math.min(timeoutMs, LONGEST_WAIT_MS), signal });
  } catch (error) {
    if (WaitTimeoutError.is(error)) return undefined;
    throw error;
  }
}

function completionResponse(snapshot: InstanceSnapshot, errorOnFailure: boolean): Response {
  const { status, output = null } = snapshot;
  if (status === "Completed") return Response.json(output);
  const details = instanceDetails(snapshot, { showInput: true });
  return Response.json(details, { status: status === "Failed" && errorOnFailure ? 500 : 200 });
}
