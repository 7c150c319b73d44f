import { InstanceNotFoundError, WaitTimeoutError, durationMs } from "@perdure/core";
import type { Duration, InstanceStatus } from "@perdure/core";
import type { Connection } from "./connection";

export interface WaitOptions {
  /** Default: no limit. With 0 the instance is looked at once. */
  readonly timeout?: Duration;
  /** Ends the wait with its reason; the instance goes on. */
  readonly signal?: AbortSignal;
}

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;
const PAUSE_GROWTH = 1.5;
/** When every change is hinted at, looking again only guards against owners that change meanwhile. */
const SAFETY_PAUSE_MS = 1000;

/**
 * Looks at an instance until `isReached`: when the backend hints at a change, and after pauses that grow from 25 to
 * 500 ms, for changes other processes make.
 *
 * @param what What the instance "has not" when time runs out.
 */
export async function waitUntil(
  connection: Connection,
  instanceId: string,
  isReached: (status: InstanceStatus) => boolean,
  what: string,
  { timeout, signal }: WaitOptions,
): Promise<InstanceStatus> {
  const { clock } = connection;
  const timeoutMs = timeout === undefined ? Number.POSITIVE_INFINITY : durationMs(timeout, "timeout");
  const deadline = clock.now() + timeoutMs;
  signal?.throwIfAborted();
  const store = await connection.instances();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    const lap = new AbortController();
    const endLap = (): void => lap.abort();
    signal?.addEventListener("abort", endLap, { once: true });
    try {
      // Listens before it looks: a change in between is not missed.
      const changed = store.waitForChange(instanceId, lap.signal);
      changed.catch(() => undefined); // reported by the race, unless looking fails first
      const status = await store.get(instanceId);
      if (!status) throw new InstanceNotFoundError(instanceId);
      if (isReached(status)) return status;
      const left = deadline - clock.now();
      if (left <= 0) throw timedOut(status, what, timeoutMs);
      const untilNextLook = store.seesChanges(instanceId) ? SAFETY_PAUSE_MS : pause;
      await Promise.race([changed, clock.sleep(Math.min(untilNextLook, left), lap.signal)]);
    } finally {
      signal?.removeEventListener("abort", endLap);
      endLap();
    }
  }
}

function timedOut({ instanceId, status }: InstanceStatus, what: string, timeoutMs: number): WaitTimeoutError {
  return new WaitTimeoutError(
    `Instance '${instanceId}' has not ${what} within ${timeoutMs} ms: it is ${status} and goes on. Wait again, or longer.`,
  );
}
