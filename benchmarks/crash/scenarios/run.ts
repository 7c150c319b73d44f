import type { EventDefinition } from "perdure";
import type { Random } from "../random";

/** What the outside needs of an instance to drive it. */
export interface Driven {
  status(): Promise<{ readonly customStatus?: unknown }>;
  raiseEvent(event: EventDefinition<number>, payload: number): Promise<void>;
}

/** One orchestration to start, and what a run without any fault would do. */
export interface Run {
  readonly instanceId: string;
  /** Name of the orchestration. */
  readonly name: string;
  readonly input: unknown;
  /** Every activity execution of the straight-line run, sub-orchestrations included. */
  readonly keys: readonly string[];
  /** Sub-orchestrations it starts. */
  readonly children: number;
  /** The result, where it is the same for every order in which messages may arrive. */
  readonly expected: unknown;
  /** The part of the real result to compare with `expected`. Default: all of it. */
  readonly comparable?: (output: unknown) => unknown;
  /** What the outside does while it runs: raises events. Rejects when `signal` aborts first. */
  readonly drive?: (instance: Driven, signal: AbortSignal) => Promise<void>;
}

/** Draws one run of a scenario. */
export type Plan = (instanceId: string, random: Random) => Run;

/** Whole numbers from 0 up to `count`. */
export function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
