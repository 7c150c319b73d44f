import type { WorkerOptions } from "perdure";
import type { Random } from "../random";
import { listener, planBurst, planOneByOne, planTally, tally } from "./events";
import { fanOut, planFanOut } from "./fan-out";
import { generations, planGenerations } from "./generations";
import type { Plan, Run } from "./run";
import { planSequence, sequence } from "./sequence";
import { childWithHint, family, planFamily } from "./sub-orchestrations";
import { planTimers, timers } from "./timers";

export type { Driven, Run } from "./run";
export { tookOutOfOrder } from "./events";

export const ORCHESTRATIONS: NonNullable<WorkerOptions["orchestrations"]> = [
  sequence,
  fanOut,
  timers,
  listener,
  tally,
  family,
  childWithHint,
  generations,
];

const PLANS: readonly Plan[] = [
  planSequence,
  planFanOut,
  planTimers,
  planOneByOne,
  planBurst,
  planTally,
  planFamily,
  planGenerations,
];

/** The run with this number: all scenarios take turns. */
export function planRun(number: number, random: Random): Run {
  const plan = PLANS[number % PLANS.length] as Plan;
  return plan(`run-${number.toString().padStart(4, "0")}`, random);
}
