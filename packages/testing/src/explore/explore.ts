import { isDeepStrictEqual } from "node:util";
import { InvalidArgumentError, durationMs, encode } from "@perdure/core";
import type {
  AnyActivity,
  AnyOrchestration,
  Clock,
  Duration,
  EventDefinition,
  InputArgs,
  OrchestrationDefinition,
} from "@perdure/core";
import { eventPlan } from "../host/planned-events";
import type { EventPlan } from "../host/planned-events";
import type { WatchedInstance } from "../hub/watched-instance";
import { ExploreReport } from "./report";
import type { ExploredDivergence, RepeatedActivity } from "./report";
import { runOnce } from "./run";
import type { Run, RunOutcome, RunPlan, World } from "./run";
import { crashAt, randomSchedule, withoutFaults } from "./schedule";
import type { Schedule } from "./schedule";

type ExploreInput<TInput> = undefined extends TInput
  ? { readonly input?: TInput }
  : { readonly input: TInput };

/** An event for `explore` to raise: made by `eventWhen`. */
export type ExploredEvent = EventPlan;

export type ExploreOptions<TInput> = ExploreInput<TInput> & ExploreSettings;

interface ExploreSettings {
  /** Shared by all runs. For activities that keep something in memory use `world`. */
  readonly activities?: readonly AnyActivity[];
  /** Called for each run: its activities, and what can be seen of their effects at the end. Sleeps are virtual. */
  readonly world?: (clock: Clock) => World;
  /** Orchestrations it calls. */
  readonly orchestrations?: readonly AnyOrchestration[];
  /** Events from outside, each raised once per run at its point. */
  readonly events?: readonly ExploredEvent[];
  /** `"every-step"`: one run per side of each operation of the worker, with a crash there. Default: that. */
  readonly crashes?: "every-step" | "none";
  /** How many runs with several crashes and messages that come twice; or their seeds. Default: 10. */
  readonly seeds?: number | readonly number[];
  /** What of an outcome is compared; leave out what depends on time. Default: all. */
  readonly normalize?: (outcome: RunOutcome) => unknown;
  /** How long after a crash another worker goes on, in virtual time. Default: 1 second. */
  readonly takeover?: Duration;
  /** Longest a run may last in virtual time. Default: 3,650 days. */
  readonly timeLimit?: Duration;
  /** Most operations of workers in a run, each counted before and after. Default: 10,000. */
  readonly maxSteps?: number;
  /** As in `TestHostOptions`. Default: 4 seconds. */
  readonly patience?: Duration;
}

/** An event to be raised at the first commit that leaves the explored instance as described. */
export function eventWhen<TPayload>(
  isPoint: (instance: WatchedInstance) => boolean,
  event: EventDefinition<TPayload>,
  ...payload: InputArgs<TPayload, never>
): ExploredEvent;
export function eventWhen(
  isPoint: (instance: WatchedInstance) => boolean,
  event: string,
  payload?: unknown,
): ExploredEvent;
export function eventWhen(
  isPoint: (instance: WatchedInstance) => boolean,
  event: string | { readonly name: string },
  payload?: unknown,
): ExploredEvent {
  return eventPlan(event, payload, isPoint);
}

/**
 * Runs an orchestration again and again, each time with other faults, and compares how it ends: once without any, once
 * more, once for every step with the worker dying there, and some times at random. Instances and messages have the same
 * ids in every run, so what is derived from them is the same too.
 *
 * @throws InvalidArgumentError for a bad option, and when the run without faults does not end.
 */
export async function explore<TInput, TOutput>(
  orchestration: OrchestrationDefinition<TInput, TOutput>,
  options: ExploreOptions<TInput>,
): Promise<ExploreReport> {
  const settings: ExploreSettings = options;
  const plan = planOf(orchestration, options.input, settings);
  const { maxSteps = 10_000, crashes = "every-step", normalize = identity, seeds } = settings;
  const faultless = await runOnce(plan, withoutFaults("without faults"), maxSteps);
  const expected = faultless.outcome;
  if (expected.status === "Stalled" || expected.status === "Unfinished") {
    throw new InvalidArgumentError(
      `Without any fault the orchestration does not end: ${expected.reason ?? ""}`,
    );
  }
  const findings = new Findings(normalize, faultless);
  const schedules: readonly Schedule[] = [
    withoutFaults("without faults, once more"),
    ...(crashes === "none" ? [] : faultless.steps.map((name, step) => crashAt(step, name))),
    ...seedsOf(seeds).map((seed) => randomSchedule(seed, faultless.steps.length)),
  ];
  for (const schedule of schedules) findings.add(schedule, await runOnce(plan, schedule, maxSteps));
  return findings.report();
}

function planOf(orchestration: AnyOrchestration, input: unknown, options: ExploreSettings): RunPlan {
  const { activities = [], world, orchestrations = [], events = [] } = options;
  const others = orchestrations.filter(({ name }) => name !== orchestration.name);
  return {
    orchestration,
    orchestrations: [orchestration, ...others],
    input: encode(input, `input of orchestration '${orchestration.name}'`),
    events,
    newWorld: (clock) => {
      const made: World = world?.(clock) ?? { activities: [] };
      return { ...made, activities: [...activities, ...made.activities] };
    },
    startTime: Date.UTC(2030, 0, 1),
    takeoverMs: durationMs(options.takeover ?? "1s", "takeover"),
    timeLimitMs: durationMs(options.timeLimit ?? "3650d", "timeLimit"),
    patienceMs: durationMs(options.patience ?? "4s", "patience"),
  };
}

function seedsOf(seeds: number | readonly number[] = 10): readonly number[] {
  if (typeof seeds !== "number") return seeds;
  if (Number.isInteger(seeds) && seeds >= 0) return Array.from({ length: seeds }, (_none, seed) => seed + 1);
  throw new InvalidArgumentError(`seeds is ${seeds}: give a whole number of 0 or more, or a list of seeds.`);
}

/** Adds up what runs have shown. */
class Findings {
  #runs = 1;
  #crashes = 0;
  #redeliveries = 0;
  readonly #divergences: ExploredDivergence[] = [];
  readonly #repeated = new Map<string, RepeatedActivity>();

  constructor(
    private readonly normalize: (outcome: RunOutcome) => unknown,
    private readonly faultless: Run,
  ) {}

  add({ label }: Schedule, { outcome, crashes, redeliveries, calls }: Run): void {
    this.#runs++;
    this.#crashes += crashes;
    this.#redeliveries += redeliveries;
    const expected = this.faultless.outcome;
    if (!isDeepStrictEqual(this.normalize(outcome), this.normalize(expected)))
      this.#divergences.push({ run: label, expected, actual: outcome });
    const times = new Map<string, number>();
    for (const { name, idempotencyKey, attempt } of calls) {
      const key = `${idempotencyKey} ${attempt}`;
      const count = (times.get(key) ?? 0) + 1;
      times.set(key, count);
      if (count > Math.max(1, this.#repeated.get(key)?.times ?? 1))
        this.#repeated.set(key, { name, idempotencyKey, times: count, run: label });
    }
  }

  report(): ExploreReport {
    return new ExploreReport({
      runs: this.#runs,
      crashes: this.#crashes,
      redeliveries: this.#redeliveries,
      expected: this.faultless.outcome,
      divergences: this.#divergences,
      repeatedActivities: [...this.#repeated.values()],
    });
  }
}

function identity(outcome: RunOutcome): unknown {
  return outcome;
}
