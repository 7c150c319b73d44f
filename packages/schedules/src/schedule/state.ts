/** What a schedule is and where it stands. JSON: it is the input of each generation of the schedule's orchestration. */
import type { StoredSpec } from "../spec/schedule-spec";

/** What happens when a run is due while another one has not finished. */
export type RunOverlapPolicy =
  "skip" | "bufferOne" | "bufferAll" | "cancelOther" | "terminateOther" | "allowAll";

export const RUN_OVERLAP_POLICIES: readonly RunOverlapPolicy[] = [
  "skip",
  "bufferOne",
  "bufferAll",
  "cancelOther",
  "terminateOther",
  "allowAll",
];

/** What a user says of a schedule, checked and complete. */
export interface ScheduleDefinition {
  readonly id: string;
  /** Name of the orchestration each run starts. */
  readonly orchestration: string;
  readonly version?: string;
  readonly input?: unknown;
  readonly tags?: Readonly<Record<string, string>>;
  readonly spec: StoredSpec;
  readonly overlapPolicy: RunOverlapPolicy;
  /** The event `cancelOther` raises. */
  readonly cancelEvent: string;
  /** A tick that is later than this many milliseconds is missed, not run. */
  readonly catchUpWindow: number;
  /** Of more late ticks than this only the last ones are run. */
  readonly maxCatchUp: number;
  /** After so many runs nothing is started any more. */
  readonly maxRuns?: number;
  readonly note?: string;
}

/** A run that has been started and has not ended. */
export interface ScheduledRun {
  readonly instanceId: string;
  /** The time of its tick, in milliseconds since the epoch as all times here. */
  readonly nominal: number;
  readonly startedAt: number;
}

/** A run that waits for others to end. */
export interface BufferedRun {
  readonly instanceId: string;
  readonly nominal: number;
  /** By a trigger or a backfill: a pause does not hold it. */
  readonly isAskedFor?: true;
}

export interface Backfill {
  /** Exclusive. */
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
  readonly overlapPolicy: RunOverlapPolicy;
}

/** What became of a tick, a trigger or one time of a backfill. */
export interface ScheduleDecision {
  readonly nominal: number;
  readonly at: number;
  /** `missed`: too late by the catch-up window. `duplicate`: an instance of that id was there already. */
  readonly outcome: "started" | "buffered" | "skipped" | "missed" | "duplicate";
  readonly instanceId?: string;
  readonly reason?: string;
  /** Of several missed ticks told as one: how many. */
  readonly count?: number;
}

export interface ScheduleState {
  readonly definition: ScheduleDefinition;
  readonly createdAt: number;
  readonly paused?: { readonly at: number; readonly reason?: string };
  readonly deleted?: true;
  /** Every tick up to here has been decided on; none of them is again. */
  readonly cursor: number;
  readonly counts: { readonly started: number; readonly skipped: number; readonly missed: number };
  readonly running: readonly ScheduledRun[];
  readonly buffer: readonly BufferedRun[];
  readonly backfills: readonly Backfill[];
  /** The last decisions, newest last. */
  readonly recent: readonly ScheduleDecision[];
}

/** What clients ask of a schedule. */
export type ScheduleCommand =
  | { readonly kind: "pause"; readonly reason?: string }
  | { readonly kind: "resume" }
  | { readonly kind: "trigger"; readonly id: string; readonly overlapPolicy?: RunOverlapPolicy }
  | ({ readonly kind: "backfill" } & Backfill)
  | { readonly kind: "update"; readonly changes: Partial<ScheduleDefinition> }
  | { readonly kind: "delete" };

/** Before its first generation. */
export function newSchedule(definition: ScheduleDefinition, now: number, paused: boolean): ScheduleState {
  return {
    definition,
    createdAt: now,
    ...(paused ? { paused: { at: now } } : {}),
    cursor: now,
    counts: { started: 0, skipped: 0, missed: 0 },
    running: [],
    buffer: [],
    backfills: [],
    recent: [],
  };
}
