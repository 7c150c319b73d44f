import { performance } from "node:perf_hooks";

export interface LoopResult {
  readonly elapsedMs: number;
  /** One per call, in order of completion. */
  readonly latenciesMs: readonly number[];
}

/**
 * Calls `work` `total` times, `inFlight` at a time: each call that ends makes room for the next. Once `limitMs` have
 * passed none begins any more.
 */
export async function closedLoop(
  total: number,
  inFlight: number,
  work: (index: number) => Promise<void>,
  limitMs = Number.POSITIVE_INFINITY,
): Promise<LoopResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  const begunAt = performance.now();
  const lane = async (): Promise<void> => {
    while (next < total && performance.now() - begunAt < limitMs) {
      const startedAt = performance.now();
      await work(next++);
      latenciesMs.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: Math.min(total, inFlight) }, lane));
  return { elapsedMs: performance.now() - begunAt, latenciesMs };
}
