import { simulate } from "./simulate";
import type { Outcome } from "./simulate";

const MOST_RUNS = 150;

/** Leaves out as many faults as it can while something still goes wrong. */
export async function shrink(failed: Outcome): Promise<Outcome> {
  let best = failed;
  const leftOut = new Set<number>();
  let runs = 0;
  for (let size = Math.ceil(best.struck.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.struck.length && runs < MOST_RUNS;) {
      const without = best.struck.slice(start, start + size);
      const attempt = await simulate(failed.seed, new Set([...leftOut, ...without]));
      runs++;
      if (attempt.violations.length > 0) {
        for (const number of without) leftOut.add(number);
        best = attempt;
      } else start += size;
    }
  }
  return best;
}

/** For people: what is wrong, and what happened before. */
export function explain({ seed, violations, struck, trace }: Outcome, lines = 60): string {
  const faulty = trace.filter((line) => line.includes("<-"));
  return [
    `Seed ${seed} violates:`,
    ...violations.slice(0, 10).map((violation) => `  - ${violation}`),
    `with ${struck.length} faults left:`,
    ...faulty.slice(-lines).map((line) => `  ${line}`),
  ].join("\n");
}
