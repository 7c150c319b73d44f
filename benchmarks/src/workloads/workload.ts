import type { ActivityDefinition, OrchestrationDefinition } from "perdure";

/** One size of a workload, measured on a fresh hub. */
export interface Step {
  /** Orchestrations that are started and not yet finished, at any time. */
  readonly inFlight: number;
  readonly orchestrations: number;
  /** Orchestrations run before, not measured. */
  readonly warmUp: number;
  readonly activitiesEach: number;
}

/** Starts orchestrations one after the other in each of a number of lanes and checks their results. */
export interface Workload {
  readonly name: string;
  readonly description: string;
  /** Gets the number of activities to run. */
  readonly orchestration: OrchestrationDefinition<number, unknown>;
  readonly activities: readonly ActivityDefinition<number, number>[];
  readonly steps: readonly Step[];
  expected(activities: number): unknown;
}
