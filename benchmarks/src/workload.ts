import type { Outcome } from "./results";
import type { Setting } from "./setting";

/** A kind of load, in one or several sizes. */
export interface Workload {
  /** `W1` to `W8`, or `raw`. */
  readonly id: string;
  readonly title: string;
  cases(setting: Setting): readonly Case[];
}

/** One size of a workload, measured on storage of its own. */
export interface Case {
  /** Says the size, and is the same in every invocation with that size. */
  readonly name: string;
  /** @throws when an orchestration does not end with the right result. */
  run(): Promise<Outcome>;
}

/** `10,000` */
export function counted(count: number): string {
  return count.toLocaleString("en-US");
}

/** @throws when they differ. */
export function assertEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}.`);
}
