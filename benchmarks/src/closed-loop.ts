import { performance } from "node:perf_hooks";

export interface LoopResult {
  readonly elapsedMs: number;
  /** One per call, in order of completion. */
  readonly latenciesMs: readonly number[];
}

/** Calls `work` `total` times, `inFlight` at a time: each call that ends makes room for the next. */
export async function closedLoop(
  total: number,
  inFlight: number,
  work: (index: number) => Promise<void>,
): Promise<LoopResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < total) {
      const startedAt = performance.now();
      await work(next++);
      latenciesMs.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: Math.min(total, inFlight) }, lane));
  return { elapsedMs: performance.now() - startedAt, latenciesMs };
}
