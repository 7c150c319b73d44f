import type { OrchestrationGenerator, Task } from "./task";

/** What mapping needs of the execution around it. */
export interface MapOperations {
  run<T>(routine: () => OrchestrationGenerator<T>): Task<T>;
  all<T>(tasks: readonly Task<T>[]): Task<T[]>;
}

/**
 * Runs `body` for every item, at most `concurrency` at a time, and returns the results in item order. Each lane takes
 * the next item when it has finished one. Fails with the first failure; bodies already started run on.
 */
export function* mapBounded<TItem, T>(
  operations: MapOperations,
  items: readonly TItem[],
  body: (item: TItem, index: number) => OrchestrationGenerator<T> | Task<T>,
  concurrency: number,
): OrchestrationGenerator<T[]> {
  const results = new Array<T>(items.length);
  let next = 0;
  let failed = false;
  function* lane(): OrchestrationGenerator<void> {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = yield* body(items[index] as TItem, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  const lanes = Math.min(concurrency, items.length);
  yield* operations.all(Array.from({ length: lanes }, () => operations.run(lane)));
  return results;
}
