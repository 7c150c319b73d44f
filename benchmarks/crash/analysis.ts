/** What the notes of all workers say, pure. */
import type { Execution } from "./execution-log";
import type { Kill } from "./worker-pool";

export interface ExecutionFacts {
  readonly executions: number;
  /** Activity calls that were executed at all. */
  readonly calls: number;
  /** Executions beyond the first of a call. */
  readonly repeats: number;
  /** Those of them whose worker before was alive then: its lease or its message had run out, or was handed over. */
  readonly repeatsAfterLivingWorker: number;
  /**
   * For every repeat after a worker that was killed: milliseconds from the kill to the repeat. So long did it take
   * until another worker had the instance, its history and the activity in hand and ran it.
   */
  readonly recoveriesMs: readonly number[];
  /** For the first execution of every activity after a timer: milliseconds after the timer was due. */
  readonly timerLatenessMs: readonly number[];
}

export function analyse(executions: readonly Execution[], kills: readonly Kill[]): ExecutionFacts {
  const killedAt = new Map(kills.map(({ workerId, at }) => [workerId, at]));
  const calls = [...byKey(executions).values()];
  const repeats = calls.flatMap((of) =>
    of.slice(1).map((later, i) => ({ before: of[i] as Execution, later })),
  );
  const recoveriesMs = repeats.flatMap(({ before, later }) => {
    const kill = killedAt.get(before.workerId);
    return kill === undefined || kill > later.at ? [] : [later.at - kill];
  });
  const timerLatenessMs = calls.flatMap(([first]) =>
    first?.timerDueAt === undefined ? [] : [first.at - first.timerDueAt],
  );
  return {
    executions: executions.length,
    calls: calls.length,
    repeats: repeats.length,
    repeatsAfterLivingWorker: repeats.length - recoveriesMs.length,
    recoveriesMs,
    timerLatenessMs,
  };
}

/** Expected calls that nobody executed, and executions nobody expected. */
export function executionFaults(
  executions: readonly Execution[],
  expected: readonly string[],
): readonly string[] {
  const wanted = new Set(expected);
  const seen = new Set(executions.map(({ key }) => key));
  return [
    ...[...wanted].filter((key) => !seen.has(key)).map((key) => `The activity ${key} was never executed.`),
    ...[...seen]
      .filter((key) => !wanted.has(key))
      .map((key) => `The activity ${key} was executed; nothing calls it.`),
    ...executions
      .filter(({ at, timerDueAt }) => timerDueAt !== undefined && at < timerDueAt)
      .map(
        ({ key, at, timerDueAt = 0 }) =>
          `The activity ${key} ran ${timerDueAt - at} ms before its timer was due.`,
      ),
  ];
}

function byKey(executions: readonly Execution[]): ReadonlyMap<string, readonly Execution[]> {
  const calls = new Map<string, Execution[]>();
  for (const execution of executions) {
    const of = calls.get(execution.key);
    if (of) of.push(execution);
    else calls.set(execution.key, [execution]);
  }
  return calls;
}
