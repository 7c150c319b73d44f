/**
 * Decides what a schedule does. No clock, no I/O: it is told what happens and says what to start and to end.
 *
 * - C1 A tick is decided on once: the cursor passes it in the same commit that starts its run.
 * - C2 The id of a run is that of the schedule and the tick's nominal time: whoever starts it again starts nothing.
 * - C3 A run counts as running from its start until it reports its end.
 */
import type { CompletionReport } from "@perdure/core";
import type {
  Backfill,
  BufferedRun,
  RunOverlapPolicy,
  ScheduleCommand,
  ScheduleDecision,
  ScheduleDefinition,
  ScheduleState,
} from "./state";

/** What a schedule can do to the world. */
export interface ScheduleActions {
  /** Milliseconds since the epoch. */
  now(): number;
  start(run: BufferedRun, definition: ScheduleDefinition): void;
  cancel(instanceId: string, definition: ScheduleDefinition): void;
  terminate(instanceId: string, definition: ScheduleDefinition): void;
}

const RECENT_DECISIONS = 20;
const MOST_BUFFERED = 1000;
const NO_RUNS_LEFT = "it has had all the runs it may have";

export class Schedule {
  #state: ScheduleState;

  constructor(
    state: ScheduleState,
    private readonly actions: ScheduleActions,
  ) {
    this.#state = state;
  }

  get state(): ScheduleState {
    return this.#state;
  }

  /** Whether its ticks start anything. */
  get isTicking(): boolean {
    return !this.#state.paused && this.hasRunsLeft;
  }

  /** The clock has passed a tick. */
  tick(nominal: number): void {
    this.change({ cursor: Math.max(this.#state.cursor, nominal) });
    this.offer({ instanceId: runId(this.#state.definition.id, nominal), nominal }, this.policy);
  }

  /** Ticks, the last of them this one, that were too late to be run. */
  miss(count: number, lastNominal: number): void {
    const { counts, cursor } = this.#state;
    this.change({
      cursor: Math.max(cursor, lastNominal),
      counts: { ...counts, missed: counts.missed + count },
    });
    this.note({
      nominal: lastNominal,
      outcome: "missed",
      count,
      reason: "later than the catch-up window allows",
    });
  }

  /** One time of the first backfill, or, without it, the end of that backfill. */
  fill(nominal: number): void {
    const [backfill] = this.#state.backfills;
    if (!backfill) return;
    const run = { instanceId: runId(this.#state.definition.id, nominal), nominal };
    this.offer({ ...run, isAskedFor: true }, backfill.overlapPolicy);
    this.change({ backfills: [{ ...backfill, from: nominal }, ...this.#state.backfills.slice(1)] });
  }

  endBackfill(): void {
    this.change({ backfills: this.#state.backfills.slice(1) });
  }

  /** A run has ended, or could not be started. */
  ended({ instanceId, status }: CompletionReport): void {
    const run = this.#state.running.find((one) => one.instanceId === instanceId);
    if (!run) return;
    this.change({ running: this.#state.running.filter((one) => one !== run) });
    if (status === "NotStarted") {
      const { counts } = this.#state;
      this.change({ counts: { ...counts, started: counts.started - 1 } });
      this.note({ nominal: run.nominal, outcome: "duplicate", instanceId, reason: "the id was in use" });
    }
    this.startBuffered();
  }

  command(command: ScheduleCommand): void {
    const now = this.actions.now();
    switch (command.kind) {
      case "pause": {
        const { reason } = command;
        this.change({ paused: { at: now, ...(reason === undefined ? {} : { reason }) } });
        break;
      }
      case "resume":
        if (this.#state.paused) this.resume(now);
        break;
      case "trigger":
        this.trigger(command.id, command.overlapPolicy ?? this.policy, now);
        break;
      case "backfill":
        this.change({ backfills: [...this.#state.backfills, backfillOf(command)] });
        break;
      case "update":
        this.update(command.changes, now);
        break;
      case "delete":
        this.change({ deleted: true });
    }
  }

  private get hasRunsLeft(): boolean {
    const { definition, counts } = this.#state;
    return definition.maxRuns === undefined || counts.started < definition.maxRuns;
  }

  private get policy(): RunOverlapPolicy {
    return this.#state.definition.overlapPolicy;
  }

  /** What would have been started meanwhile is not; what waited before does. */
  private resume(now: number): void {
    const { paused: _paused, ...rest } = this.#state;
    this.#state = { ...rest, cursor: Math.max(rest.cursor, now) };
    this.startBuffered();
  }

  private update(changes: Partial<ScheduleDefinition>, now: number): void {
    const { definition, cursor } = this.#state;
    const hadEnded = !this.hasRunsLeft;
    const given = Object.entries({ ...definition, ...changes }).filter(
      ([field, value]) => value !== null || field === "input",
    );
    const isOther = changes.spec && JSON.stringify(changes.spec) !== JSON.stringify(definition.spec);
    // Another spec, and more runs, are for times to come: none there would have been before counts as missed.
    this.change({
      definition: Object.fromEntries(given) as unknown as ScheduleDefinition,
      ...(isOther || hadEnded ? { cursor: Math.max(cursor, now) } : {}),
    });
  }

  private trigger(id: string, policy: RunOverlapPolicy, now: number): void {
    const instanceId = `${runId(this.#state.definition.id, now)}-${id}`;
    this.offer({ instanceId, nominal: now, isAskedFor: true }, policy);
  }

  private offer(run: BufferedRun, policy: RunOverlapPolicy): void {
    const { running, buffer, definition } = this.#state;
    const others = running.map(({ instanceId }) => instanceId);
    if (!this.hasRunsLeft) this.skip(run, NO_RUNS_LEFT);
    else if (others.length === 0 || policy === "allowAll") this.start(run);
    else if (policy === "skip") this.skip(run, `still running: ${others.join(", ")}`);
    else if (policy === "bufferOne" && buffer.length > 0) this.skip(run, "another run waits already");
    else if (policy === "terminateOther") {
      for (const instanceId of others) this.actions.terminate(instanceId, definition);
      this.start(run);
    } else if (policy === "cancelOther") {
      for (const instanceId of others) this.actions.cancel(instanceId, definition);
      this.skipBuffered("a later run takes its place");
      this.buffer(run);
    } else if (buffer.length >= MOST_BUFFERED) this.skip(run, `${MOST_BUFFERED} runs wait already`);
    else this.buffer(run);
  }

  private start({ instanceId, nominal }: BufferedRun): void {
    const { definition, running, counts } = this.#state;
    const run = { instanceId, nominal };
    const startedAt = this.actions.now();
    this.actions.start(run, definition);
    this.change({
      running: [...running, { ...run, startedAt }],
      counts: { ...counts, started: counts.started + 1 },
    });
    this.note({ ...run, outcome: "started" });
  }

  private buffer(run: BufferedRun): void {
    this.change({ buffer: [...this.#state.buffer, run] });
    this.note({ instanceId: run.instanceId, nominal: run.nominal, outcome: "buffered" });
  }

  private skip(run: BufferedRun, reason: string): void {
    const { counts } = this.#state;
    this.change({ counts: { ...counts, skipped: counts.skipped + 1 } });
    this.note({ nominal: run.nominal, outcome: "skipped", reason });
  }

  private skipBuffered(reason: string): void {
    const { buffer } = this.#state;
    this.change({ buffer: [] });
    for (const run of buffer) this.skip(run, reason);
  }

  private startBuffered(): void {
    const { buffer, running, paused } = this.#state;
    if (running.length > 0) return;
    if (!this.hasRunsLeft) {
      this.skipBuffered(NO_RUNS_LEFT);
      return;
    }
    const next = buffer.find(({ isAskedFor }) => !paused || isAskedFor);
    if (!next) return;
    this.change({ buffer: buffer.filter((run) => run !== next) });
    this.start(next);
  }

  private note(decision: Omit<ScheduleDecision, "at">): void {
    const recent = [...this.#state.recent, { ...decision, at: this.actions.now() }];
    this.change({ recent: recent.slice(-RECENT_DECISIONS) });
  }

  private change(changes: Partial<ScheduleState>): void {
    this.#state = { ...this.#state, ...changes };
  }
}

function backfillOf({ from, to, overlapPolicy }: Backfill): Backfill {
  return { from, to, overlapPolicy };
}

/** C2: the schedule's id and the time, to the second where that says it: `nightly-20270328T003000Z`. */
export function runId(scheduleId: string, nominal: number): string {
  const time = new Date(nominal).toISOString().replaceAll(/[-:]|\.000/g, "");
  return `${scheduleId}-${time}`;
}
