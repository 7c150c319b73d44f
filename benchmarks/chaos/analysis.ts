/** What the workers' notes say about faults, pure. */
import type { Execution } from "../crash/execution-log";

/** A time in which a worker, or storage for all of them, was away. */
export interface Fault {
  /** The worker; undefined when all were hit. */
  readonly workerId: string | undefined;
  /** Milliseconds since the epoch, as is `until`. */
  readonly at: number;
  /** Infinite for what never came back. */
  readonly until: number;
}

/** An orchestration that went on after a fault of the worker that had it. */
export interface Recovery {
  readonly fault: Fault;
  /** From the beginning of the fault to the next execution. */
  readonly afterMs: number;
}

/** One orchestration in time. */
export interface Course {
  readonly createdAt: number;
  readonly completedAt: number;
  /** Its executions and those of its children, in order of time. */
  readonly executions: readonly Execution[];
}

/** Orchestrations that ran on the worker that a fault hit, and went on elsewhere; or anywhere, when it hit all. */
export function recoveries(courses: readonly Course[], faults: readonly Fault[]): readonly Recovery[] {
  return courses.flatMap(({ executions }) =>
    faults.flatMap((fault) => {
      const before = executions.filter(({ at }) => at <= fault.at).at(-1);
      const next = executions.find(({ at }) => at > fault.at);
      if (!before || !next) return [];
      const wentOn =
        fault.workerId === undefined ||
        (before.workerId === fault.workerId && next.workerId !== fault.workerId);
      return wentOn ? [{ fault, afterMs: next.at - fault.at }] : [];
    }),
  );
}

/** The longest time in which an orchestration that had begun and not ended executed nothing. */
export function longestStallMs(courses: readonly Course[]): number {
  const stalls = courses.flatMap(({ createdAt, completedAt, executions }) => {
    const times = [createdAt, ...executions.map(({ at }) => at), completedAt];
    return times.slice(1).map((time, index) => time - (times[index] as number));
  });
  return Math.max(0, ...stalls);
}
