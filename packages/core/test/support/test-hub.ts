import { encode, optional, toFailure } from "../../src";
import type { ActivityMessage, AnyOrchestration, MessageEvent, TaskMessage } from "../../src";
import { T0 } from "./history";
import { TestInstance } from "./test-instance";
import type { TestInstanceOptions } from "./test-instance";

export type TestActivities = Readonly<Record<string, (input: unknown, message: ActivityMessage) => unknown>>;

/** Decides what is left open by the rules of delivery. The default delivers in order and never goes cold. */
export interface Schedule {
  /** How many of `available` messages the next batch takes, 1 or more. */
  batch(available: number): number;
  /** Whether the instance is rebuilt from storage before the turn. */
  goesCold(): boolean;
  /** Messages to deliver once more, later. */
  repeats(message: TaskMessage): boolean;
  /** How many milliseconds an activity takes. */
  activityTime(): number;
  /** Whether the worker that runs the turn has the code. If not, the instance is resumed a moment later. */
  hasCode(): boolean;
}

export const inOrder: Schedule = {
  batch: (available) => available,
  goesCold: () => false,
  repeats: () => false,
  activityTime: () => 0,
  hasCode: () => true,
};

/** Several test instances and what they send each other; activities run at once, time jumps to the next timer. */
export class TestHub {
  now = T0;
  readonly instances = new Map<string, TestInstance>();
  /** Messages for instances that do not exist. */
  readonly undeliverable: TaskMessage[] = [];
  turns = 0;
  #queue: TaskMessage[] = [];

  constructor(
    private readonly orchestrations: readonly AnyOrchestration[],
    private readonly activities: TestActivities = {},
    private readonly options: Omit<TestInstanceOptions, "instanceId" | "now"> = {},
    private readonly schedule: Schedule = inOrder,
  ) {}

  instance(instanceId: string): TestInstance {
    let instance = this.instances.get(instanceId);
    if (!instance) {
      instance = new TestInstance(this.orchestrations, { ...this.options, instanceId });
      this.instances.set(instanceId, instance);
    }
    return instance;
  }

  start(name: string, input?: unknown, instanceId = "i1"): TestInstance {
    const instance = this.instance(instanceId);
    instance.now = this.now;
    this.send(instance.message.start(name, input));
    return instance;
  }

  send(...messages: readonly TaskMessage[]): void {
    this.#queue.push(...messages);
  }

  /** Delivers until nothing is due; moves time on to what is due up to `until`. */
  run(until = Number.POSITIVE_INFINITY): void {
    for (;;) {
      const due = this.#queue.find((message) => (message.visibleAt ?? 0) <= this.now);
      if (due) this.step(due.instanceId);
      else {
        const next = Math.min(...this.#queue.map((message) => message.visibleAt ?? 0));
        if (next === Number.POSITIVE_INFINITY || next > until) return;
        this.now = next;
      }
    }
  }

  private step(instanceId: string): void {
    if (++this.turns > 20_000) throw new Error("no end of turns");
    const instance = this.instance(instanceId);
    const due = this.#queue.filter((m) => m.instanceId === instanceId && (m.visibleAt ?? 0) <= this.now);
    const batch = due.slice(0, this.schedule.batch(due.length));
    this.#queue = this.#queue.filter((message) => !batch.includes(message));
    for (const message of batch) if (this.schedule.repeats(message)) this.#queue.push(message);
    if (this.schedule.goesCold()) instance.goCold();
    const hasCode = this.schedule.hasCode();
    if (!hasCode) instance.deploy();
    instance.now = this.now;
    const turn = instance.deliver(...batch);
    if (!hasCode) {
      instance.deploy(...this.orchestrations);
      this.send({ ...instance.message.resume(), visibleAt: this.now + 100 });
    }
    if (turn.undeliverable) this.undeliverable.push(...batch);
    if (!turn.checkpoint) return;
    const { cancelledTimers } = turn.checkpoint;
    this.#queue = this.#queue.filter(({ id }) => !cancelledTimers.includes(id));
    this.send(...instance.outbox.messages);
    for (const activity of instance.outbox.activities) this.send(this.perform(activity));
  }

  private perform(activity: ActivityMessage): TaskMessage {
    const { taskScheduledId, instanceId, executionId } = activity;
    let event: MessageEvent;
    try {
      const code = this.activities[activity.name];
      if (!code) throw new Error(`no activity '${activity.name}'`);
      const result = code(activity.input === undefined ? undefined : JSON.parse(activity.input), activity);
      event = {
        type: "TaskCompleted",
        timestamp: this.now,
        taskScheduledId,
        ...optional("result", encode(result, "result")),
      };
    } catch (error) {
      event = { type: "TaskFailed", timestamp: this.now, taskScheduledId, failure: toFailure(error) };
    }
    const visibleAt = this.now + this.schedule.activityTime();
    return { id: `${activity.id}/result`, instanceId, executionId, visibleAt, event };
  }
}
