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
    const { paused, definition, counts } = this.#state;
    return !paused && (definition.maxRuns === undefined || counts.started < definition.maxRuns);
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
    this.offer(run, backfill.overlapPolicy);
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

  private get policy(): RunOverlapPolicy {
    return this.#state.definition.overlapPolicy;
  }

  /** What would have been started meanwhile is not. */
  private resume(now: number): void {
    const { paused: _paused, ...rest } = this.#state;
    this.#state = { ...rest, cursor: Math.max(rest.cursor, now) };
  }

  private update(changes: Partial<ScheduleDefinition>, now: number): void {
    const { definition, cursor } = this.#state;
    const given = Object.entries({ ...definition, ...changes }).filter(([, value]) => value !== null);
    // A new spec is for times to come: none it would have had before counts as missed.
    this.change({
      definition: Object.fromEntries(given) as unknown as ScheduleDefinition,
      ...(changes.spec ? { cursor: Math.max(cursor, now) } : {}),
    });
  }

  private trigger(id: string, policy: RunOverlapPolicy, now: number): void {
    const instanceId = `${runId(this.#state.definition.id, now)}-${id}`;
    this.offer({ instanceId, nominal: now }, policy);
  }

  private offer(run: BufferedRun, policy: RunOverlapPolicy): void {
    const { running, buffer, definition } = this.#state;
    const others = running.map(({ instanceId }) => instanceId);
    if (others.length === 0 || policy === "allowAll") this.start(run);
    else if (policy === "skip") this.skip(run, `still running: ${others.join(", ")}`);
    else if (policy === "bufferOne" && buffer.length > 0) this.skip(run, "another run waits already");
    else if (policy === "terminateOther") {
      for (const instanceId of others) this.actions.terminate(instanceId, definition);
      this.start(run);
    } else if (policy === "cancelOther") {
      for (const instanceId of others) this.actions.cancel(instanceId, definition);
      this.change({ buffer: [] });
      this.buffer(run);
    } else if (buffer.length >= MOST_BUFFERED) this.skip(run, `${MOST_BUFFERED} runs wait already`);
    else this.buffer(run);
  }

  private start(run: BufferedRun): void {
    const { definition, running, counts } = this.#state;
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
    this.note({ ...run, outcome: "buffered" });
  }

  private skip(run: BufferedRun, reason: string): void {
    const { counts } = this.#state;
    this.change({ counts: { ...counts, skipped: counts.skipped + 1 } });
    this.note({ nominal: run.nominal, outcome: "skipped", reason });
  }

  private startBuffered(): void {
    const [next, ...rest] = this.#state.buffer;
    if (!next || this.#state.running.length > 0) return;
    this.change({ buffer: rest });
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
