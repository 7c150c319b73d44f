import type { Moment } from "@perdure/core";
import type { TimerFilter, TimerReference } from "@perdure/client";
import type { TimerDetails } from "../contract/timers";
import { listing } from "./pages";
import type { Listing } from "./pages";
import { instancePath } from "./paths";
import type { Transport } from "./transport";

/** What instances sleep on. */
export class ManagementTimers {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Timers of all instances that match, instance by instance; those of one instance in the order they are due. */
  list({ dueBefore, ...filter }: TimerFilter = {}): Listing<TimerDetails> {
    return listing(this.#transport, "/timers", { ...filter, dueBefore: dueBefore?.toISOString() });
  }

  /** @throws InstanceNotFoundError */
  async of(instanceId: string): Promise<readonly TimerDetails[]> {
    const path = `${instancePath(instanceId)}/timers`;
    return (await this.#transport.request<readonly TimerDetails[]>("GET", path)).body;
  }

  /** Lets a timer fire now. @throws InstanceNotFoundError, TimerNotFoundError */
  async fire(timer: TimerReference, reason?: string): Promise<void> {
    await this.act(timer, "fire", reason);
  }

  /** Lets a timer fire at another time. @throws InstanceNotFoundError, TimerNotFoundError, InvalidArgumentError */
  async move(timer: TimerReference, when: Moment, reason?: string): Promise<void> {
    await this.act(timer, "move", reason, { when: momentBody(when) });
  }

  /** Cancels a timer. @throws InstanceNotFoundError, TimerNotFoundError */
  async cancel(timer: TimerReference, reason?: string): Promise<void> {
    await this.act(timer, "cancel", reason);
  }

  private async act(
    { instanceId, timerId, executionId }: TimerReference,
    action: string,
    reason: string | undefined,
    body?: unknown,
  ): Promise<void> {
    const path = `${instancePath(instanceId)}/timers/${timerId}/${action}`;
    await this.#transport.request("POST", path, { query: { reason, executionId }, body });
  }
}

function momentBody(when: Moment): unknown {
  if (when instanceof Date) return when.toISOString();
  if (typeof when === "number") return `${when}ms`;
  if (typeof when === "string" || when.timeZone !== undefined) return when;
  return typeof when.at === "number" ? new Date(when.at).toISOString() : when.at;
}
