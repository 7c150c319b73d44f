import type { TaskMessage } from "@perdure/core";
import { randomOf } from "./random";

/** The faults of one run. */
export interface Schedule {
  /** What the run is called in a report. */
  readonly label: string;
  /** Steps at which the worker dies: sides of its operations, counted from 0. */
  readonly crashAt: ReadonlySet<number>;
  /** Whether a message that a worker took is delivered once more. */
  duplicates(message: TaskMessage): boolean;
}

const MOST_CRASHES = 4;
const DUPLICATED = 0.2;

function never(): boolean {
  return false;
}

export function withoutFaults(label: string): Schedule {
  return { label, crashAt: new Set(), duplicates: never };
}

/** One crash, at a step that has a name in the report. */
export function crashAt(step: number, name: string): Schedule {
  return { label: `crash ${name} (step ${step})`, crashAt: new Set([step]), duplicates: never };
}

/** Up to four crashes and some messages twice. @param steps How many a run without faults has. */
export function randomSchedule(seed: number, steps: number): Schedule {
  const random = randomOf(seed);
  const crashes = 1 + Math.floor(random() * MOST_CRASHES);
  const at = Array.from({ length: crashes }, () => Math.floor(random() * steps * 1.5));
  const sorted = [...new Set(at)].sort((a, b) => a - b);
  return {
    label: `seed ${seed} (crashes at steps ${sorted.join(", ")}, some messages twice)`,
    crashAt: new Set(sorted),
    duplicates: () => random() < DUPLICATED,
  };
}
