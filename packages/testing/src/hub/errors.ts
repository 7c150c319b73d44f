import { DurableError } from "@perdure/core";
import type { BlockedReason } from "@perdure/core";

/** Somebody waits for what cannot come: nothing is due, or an activity runs without an end. */
export class StalledError extends DurableError {
  readonly code = "Stalled";

  static override is(value: unknown): value is StalledError {
    return value instanceof Error && "code" in value && value.code === "Stalled";
  }
}

/** The instance that is waited for is Blocked: its code does not fit its history, or is not registered. */
export class InstanceBlockedError extends DurableError {
  readonly code = "InstanceBlocked";

  constructor(
    readonly instanceId: string,
    readonly reason: BlockedReason | undefined,
  ) {
    super(`Instance '${instanceId}' is Blocked: ${reason?.message ?? "no reason is stored."}`);
  }

  static override is(value: unknown): value is InstanceBlockedError {
    return value instanceof Error && "code" in value && value.code === "InstanceBlocked";
  }
}

/** The instance has ended, or went on, without what was waited for. */
export class NeverReachedError extends DurableError {
  readonly code = "NeverReached";

  static override is(value: unknown): value is NeverReachedError {
    return value instanceof Error && "code" in value && value.code === "NeverReached";
  }
}
