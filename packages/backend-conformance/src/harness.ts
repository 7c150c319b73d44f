import type { Backend, Clock } from "@perdure/core";

/** What a backend's test file gives to `describeBackend`. */
export interface BackendHarness {
  /** Opens a task hub of its own, empty. */
  open(options: HubOptions): Promise<TestHub>;
  /**
   * `virtual`: the clock moves by itself to the next sleeper whenever nothing else happens, so that months pass in an
   * instant. `real`: cases make do with short waits, and those that cannot are skipped.
   */
  readonly time: "virtual" | "real";
  /** Cases left out, by name. The value is the reason, shown with the skipped test. */
  readonly skips?: Readonly<Record<string, string>>;
  /** How long locks outlive their owners where a case does not say, in milliseconds. Default: 60,000, 6,000 in real time. */
  readonly lockMs?: number;
  /**
   * How often a case may be tried, for storage that now and then stands still for longer than a lock lasts. Each failure
   * is printed. Default: 1.
   */
  readonly attempts?: number;
  /** How long a case may take, in real milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
}

/** What a case asks of its hub. A backend comes as close as it can. */
export interface HubOptions {
  /** How long a lock outlives its owner, in milliseconds. */
  readonly lockMs: number;
  /** Deliveries after which a message is dead-lettered. Absent: the backend's default. */
  readonly maxDeliveryCount?: number;
  /** Longest payload in bytes. Absent: the backend's default. */
  readonly maxPayloadBytes?: number;
}

/** One task hub, for one case. */
export interface TestHub {
  /** Started, on a hub that has been created. */
  readonly backend: Backend;
  /** What all backend objects of the hub tell the time by. */
  readonly clock: Clock;
  /** How long after a commit queries may still show what was before, in milliseconds. Absent: not at all. */
  readonly listingLagMs?: number;
  /** A second process on the same hub, started. */
  another(): Promise<Backend>;
  /** The process dies: its background work ends and nothing is given back. Calls on its sessions change nothing. */
  crash(backend: Backend): Promise<void>;
  /**
   * The process hangs: its timers stop for good but calls still reach storage, as when it wakes much later. When
   * absent, `crash` stands in for it.
   */
  pause?(backend: Backend): Promise<void>;
  /** Stops every backend object of the hub and deletes the hub. */
  dispose(): Promise<void>;
}
