import assert from "node:assert/strict";
import {
  LiveInstance,
  Registry,
  decode,
  defineOrchestration,
  isDecision,
  outboxOf,
  runTurn,
} from "../../src";
import type {
  ActivityMessage,
  AnyOrchestration,
  Checkpoint,
  DecisionEvent,
  HistoryEvent,
  HistoryEventOf,
  HistoryEventType,
  InstanceState,
  LoadedInstance,
  OrchestrationHandler,
  TaskMessage,
  TimeZones,
  Turn,
} from "../../src";
import { T0 } from "./history";
import { MessageFactory } from "./messages";

export interface TestInstanceOptions {
  readonly instanceId?: string;
  /** Definitions besides the one under test. */
  readonly others?: readonly AnyOrchestration[];
  /** Runs every turn also on an instance rebuilt from storage and compares. Default: true. */
  readonly compareCold?: boolean;
  readonly now?: number;
  readonly timeZones?: TimeZones;
}

/**
 * One instance whose turns are run by hand, its storage two variables. Unless told otherwise each turn is run twice,
 * hot and rebuilt from storage, and both must give the same: every test of a turn is a test of replay.
 */
export class TestInstance {
  now: number;
  readonly instanceId: string;
  readonly message: MessageFactory;
  stored: LoadedInstance;
  /** Every checkpoint so far. */
  readonly checkpoints: Checkpoint[] = [];
  lastTurn: Turn | undefined;
  /** Every message ever sent, by id. */
  readonly sent = new Map<string, TaskMessage>();
  readonly activities = new Map<string, ActivityMessage>();
  readonly cancelled = new Set<string>();
  #registry: Registry;
  #live: LiveInstance;
  #history: HistoryEvent[];
  readonly #compareCold: boolean;

  constructor(
    orchestrations: readonly AnyOrchestration[],
    options: TestInstanceOptions = {},
    stored: LoadedInstance = { history: [] },
  ) {
    this.now = options.now ?? T0;
    this.instanceId = options.instanceId ?? "i1";
    this.stored = stored;
    this.#history = [...stored.history];
    this.#compareCold = options.compareCold ?? true;
    this.#registry = new Registry([...orchestrations, ...(options.others ?? [])], [], options.timeZones);
    this.#live = new LiveInstance(this.#registry, this.instanceId, this.stored);
    this.message = new MessageFactory(
      this.instanceId,
      () => this.state.executionId,
      () => this.now,
    );
  }

  get state(): InstanceState {
    assert(this.stored.state, "the instance has not started");
    return this.stored.state;
  }

  get status(): string {
    return this.state.status;
  }

  get output(): unknown {
    return decode(this.state.output);
  }

  get customStatus(): unknown {
    return decode(this.state.customStatus);
  }

  get history(): readonly HistoryEvent[] {
    return this.stored.history;
  }

  get live(): LiveInstance {
    return this.#live;
  }

  /** The last turn that was committed. */
  get checkpoint(): Checkpoint {
    const last = this.checkpoints.at(-1);
    assert(last, "no turn was committed");
    return last;
  }

  /** What the last committed turn decided, as `[type, name]`. */
  get decided(): readonly (readonly [HistoryEventType, string | undefined])[] {
    return this.checkpoint.events
      .slice(this.checkpoint.events.findLastIndex((event) => event.type === "OrchestratorStarted"))
      .filter(isDecision)
      .map((event) => [event.type, "name" in event ? event.name : undefined] as const);
  }

  /** What the last committed turn sent: its outbox without the cancelled timers. */
  get outbox(): {
    readonly messages: readonly TaskMessage[];
    readonly activities: readonly ActivityMessage[];
  } {
    const { messages, activities } = outboxOf(this.checkpoint.state, this.checkpoint.events);
    const cancelled = new Set(this.checkpoint.cancelledTimers);
    return { messages: messages.filter(({ id }) => !cancelled.has(id)), activities };
  }

  events<K extends HistoryEventType>(type: K): readonly HistoryEventOf<K>[] {
    return this.history.filter((event) => event.type === type) as unknown as readonly HistoryEventOf<K>[];
  }

  decision(eventId: number): DecisionEvent {
    const found = this.history.filter(isDecision).find((event) => event.eventId === eventId);
    assert(found, `nothing was decided as #${eventId}`);
    return found;
  }

  /** Forgets what is in memory. */
  goCold(): void {
    this.#live = new LiveInstance(this.#registry, this.instanceId, this.stored);
  }

  /** Deploys other code: the instance is rebuilt from storage with it. */
  deploy(...orchestrations: readonly AnyOrchestration[]): void {
    this.#registry = new Registry(orchestrations, []);
    this.goCold();
  }

  /** Runs one turn over a batch, given in the order of arrival. */
  deliver(...messages: readonly TaskMessage[]): Turn {
    if (this.checkpoints.length > 0 && !this.#live.isHot) this.goCold(); // as a worker does
    const cold = this.#compareCold && new LiveInstance(this.#registry, this.instanceId, this.stored);
    const turn = runTurn(this.#live, messages, this.now);
    if (cold) assert.deepStrictEqual(withoutStacks(runTurn(cold, messages, this.now)), withoutStacks(turn));
    if (turn.checkpoint) this.commit(turn.checkpoint);
    if (this.#live.isHot) assert.equal(this.#live.execution?.order, this.history.length - 1); // E5
    this.lastTurn = turn;
    return turn;
  }

  start(name: string, input?: unknown, more: Partial<HistoryEventOf<"ExecutionStarted">> = {}): Turn {
    return this.deliver(this.message.start(name, input, more));
  }

  complete(taskScheduledId: number, result?: unknown): Turn {
    return this.deliver(this.message.completed(taskScheduledId, result));
  }

  fail(taskScheduledId: number, error?: unknown): Turn {
    return this.deliver(this.message.failed(taskScheduledId, error));
  }

  raise(name: string, payload?: unknown): Turn {
    return this.deliver(this.message.event(name, payload));
  }

  /** Lets the timer of a decision come due. */
  fire(eventId: number): Turn {
    const message = this.timer(eventId);
    assert(!this.cancelled.has(message.id), `timer #${eventId} was cancelled`);
    this.now = Math.max(this.now, message.visibleAt ?? 0);
    return this.deliver(message);
  }

  /** The message a timer was sent as last. */
  timer(eventId: number): TaskMessage {
    const id = `${this.state.executionId}/${eventId}`;
    const message = [...this.sent.values()].findLast((one) => one.id === id || one.id.startsWith(`${id}/`));
    assert(message?.event.type === "TimerFired", `no timer was sent for #${eventId}`);
    return message;
  }

  private commit(checkpoint: Checkpoint): void {
    // Storage keeps text, not objects.
    const { state, events } = JSON.parse(JSON.stringify(checkpoint)) as Checkpoint;
    this.checkpoints.push(checkpoint);
    if (checkpoint.mode === "replace") this.#history = [];
    for (const event of events) this.#history.push(event);
    this.stored = { state, history: this.#history };
    const outbox = outboxOf(state, events);
    const cancelled = new Set(checkpoint.cancelledTimers);
    for (const message of outbox.messages) if (!cancelled.has(message.id)) this.sent.set(message.id, message);
    for (const activity of outbox.activities) this.activities.set(activity.id, activity);
    for (const id of checkpoint.cancelledTimers) this.cancelled.add(id);
  }
}

/** Stack traces are left out of comparisons: replayed code has other callers. */
export function withoutStacks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutStacks);
  if (typeof value !== "object" || value === null || value instanceof Set) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "stackTrace")
      .map(([key, inner]) => [key, withoutStacks(inner)]),
  );
}

/** Orchestrator code of any input. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs are contravariant: no other type admits all
export type AnyHandler = OrchestrationHandler<any, unknown>;

export interface StartOptions
  extends TestInstanceOptions, Partial<Omit<HistoryEventOf<"ExecutionStarted">, "input">> {
  readonly input?: unknown;
}

/** An instance of `handler`, after its first turn. */
export function started(handler: AnyHandler, options: StartOptions = {}): TestInstance {
  const { instanceId, others, compareCold, now, timeZones, input, ...more } = options;
  const instance = new TestInstance([defineOrchestration("test", handler)], {
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(others === undefined ? {} : { others }),
    ...(compareCold === undefined ? {} : { compareCold }),
    ...(now === undefined ? {} : { now }),
    ...(timeZones === undefined ? {} : { timeZones }),
  });
  instance.start("test", input, more);
  return instance;
}

/** A definition named like that of `started`, to deploy in its place. */
export function otherVersion(handler: AnyHandler): AnyOrchestration {
  return defineOrchestration("test", handler);
}
