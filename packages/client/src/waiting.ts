import { InstanceNotFoundError, WaitTimeoutError, durationMs } from "@perdure/core";
import type { Duration, InstanceStatus, RuntimeStatus } from "@perdure/core";
import type { Connection } from "./connection";

export interface WaitOptions {
  /** Default: no limit. With 0 the instance is looked at once. */
  readonly timeout?: Duration;
  /** Ends the wait with its reason; the instance goes on. */
  readonly signal?: AbortSignal;
}

/** What is waited for. */
export interface Goal {
  /** What the instance "has not" when time runs out. */
  readonly what: string;
  /** Whether an instance of this status may have reached it. */
  admits(status: RuntimeStatus): boolean;
  /** Whether this one has. */
  isReached(status: InstanceStatus): boolean;
}

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;
const PAUSE_GROWTH = 1.5;
/** While the backend knows the status, looking only guards against what it does not know. */
const SAFETY_PAUSE_MS = 1000;

/**
 * Looks at an instance until the goal is reached: when the backend hints at it, and after pauses that grow from 25 to
 * 500 ms, for changes other processes make. While the backend knows that there is nothing to see it does not look.
 */
export async function waitUntil(
  connection: Connection,
  instanceId: string,
  goal: Goal,
  { timeout, signal }: WaitOptions,
): Promise<InstanceStatus> {
  const { clock } = connection;
  const timeoutMs = timeout === undefined ? Number.POSITIVE_INFINITY : durationMs(timeout, "timeout");
  const deadline = clock.now() + timeoutMs;
  signal?.throwIfAborted();
  const store = await connection.instances();
  let pause = FIRST_PAUSE_MS;
  let safeUntil = clock.now() + SAFETY_PAUSE_MS;
  for (;;) {
    signal?.throwIfAborted();
    const lap = new AbortController();
    const endLap = (): void => lap.abort(LAP_ENDED);
    signal?.addEventListener("abort", endLap, { once: true });
    try {
      // Listens before it looks: a change in between is not missed.
      const changed = store.waitForChange(instanceId, lap.signal);
      changed.catch(() => undefined); // reported by the race, unless looking fails first
      const known = store.knownStatus(instanceId);
      const isHopeless = known !== undefined && !goal.admits(known);
      if (!isHopeless || clock.now() >= Math.min(safeUntil, deadline)) {
        const status = await store.get(instanceId);
        if (!status) throw new InstanceNotFoundError(instanceId);
        if (goal.isReached(status)) return status;
        if (clock.now() >= deadline) throw timedOut(status, goal.what, timeoutMs);
        safeUntil = clock.now() + SAFETY_PAUSE_MS;
      }
      const lookAt = Math.min(isHopeless ? safeUntil : clock.now() + pause, deadline);
      await Promise.race([changed, clock.sleep(lookAt - clock.now(), lap.signal)]);
      pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE_MS);
    } finally {
      signal?.removeEventListener("abort", endLap);
      endLap();
    }
  }
}

/** A reason made once: an abort without one makes an error with a stack each time. */
const LAP_ENDED = new Error("The lap ended.");

function timedOut({ instanceId, status }: InstanceStatus, what: string, timeoutMs: number): WaitTimeoutError {
  return new WaitTimeoutError(
    `Instance '${instanceId}' has not ${what} within ${timeoutMs} ms: it is ${status} and goes on. Wait again, or longer.`,
  );
}
