import { InstanceNotFoundError, WaitTimeoutError, durationMs } from "@perdure/core";
import type { Clock, Duration, InstanceStatus, InstanceStore, RuntimeStatus } from "@perdure/core";
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
/** While the backend knows the status, looking only guards against what it does not know: ever more seldom. */
const FIRST_SAFETY_PAUSE_MS = 1000;
const LONGEST_SAFETY_PAUSE_MS = 30_000;
/** What the backend knows is asked for more often: it may have given the instance to another process. */
const GLANCE_MS = 1000;

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
  const laps = new Laps(store, clock, instanceId, signal);
  let pause = FIRST_PAUSE_MS;
  let safetyPause = FIRST_SAFETY_PAUSE_MS;
  let safeUntil = clock.now() + safetyPause;
  try {
    for (;;) {
      signal?.throwIfAborted();
      laps.listen(); // before it looks: a change in between is not missed
      const known = store.knownStatus(instanceId);
      const isHopeless = known !== undefined && !goal.admits(known);
      if (!isHopeless || clock.now() >= Math.min(safeUntil, deadline)) {
        const status = await store.get(instanceId);
        if (!status) throw new InstanceNotFoundError(instanceId);
        if (goal.isReached(status)) return status;
        if (clock.now() >= deadline) throw timedOut(status, goal.what, timeoutMs);
        if (isHopeless) safetyPause = Math.min(safetyPause * 2, LONGEST_SAFETY_PAUSE_MS);
        safeUntil = clock.now() + safetyPause;
      }
      await laps.next(Math.min(clock.now() + (isHopeless ? GLANCE_MS : pause), deadline));
      pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE_MS);
    }
  } finally {
    laps.end();
  }
}

/** Waits from one look at the instance to the next: what was not answered in one lap is still awaited in the next. */
class Laps {
  readonly #ended = new AbortController();
  #changed: Promise<void> | undefined;
  #alarm: { readonly at: number; readonly rung: Promise<void> } | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly store: InstanceStore,
    private readonly clock: Clock,
    private readonly instanceId: string,
    private readonly signal: AbortSignal | undefined,
  ) {
    signal?.addEventListener("abort", this.end, { once: true });
  }

  listen(): void {
    this.#changed ??= this.store.waitForChange(this.instanceId, this.#ended.signal).then(
      () => (this.#changed = undefined),
      (error: unknown) => {
        this.#failure = { error };
      },
    );
  }

  /** Resolves when the instance may have changed, at the latest at `lookAt`, or when the wait is aborted. */
  async next(lookAt: number): Promise<void> {
    if (!this.#alarm || this.#alarm.at > lookAt) {
      const rung = this.clock.sleep(lookAt - this.clock.now(), this.#ended.signal).then(() => {
        if (this.#alarm?.rung === rung) this.#alarm = undefined;
      });
      this.#alarm = { at: lookAt, rung };
    }
    await Promise.race([this.#changed, this.#alarm.rung]);
    if (this.#failure) throw this.#failure.error;
  }

  readonly end = (): void => {
    this.signal?.removeEventListener("abort", this.end);
    this.#ended.abort(ENDED);
  };
}

/** A reason made once: an abort without one makes an error with a stack each time. */
const ENDED = new Error("The wait has ended.");

function timedOut({ instanceId, status }: InstanceStatus, what: string, timeoutMs: number): WaitTimeoutError {
  return new WaitTimeoutError(
    `Instance '${instanceId}' has not ${what} within ${timeoutMs} ms: it is ${status} and goes on. Wait again, or longer.`,
  );
}
