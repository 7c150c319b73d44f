/**
 * What holds in a hub's file after every commit, whoever died when: history, status, indexes, messages, timers and
 * activities agree. Holds for orchestrations such as those of the crash test: nobody sends to instances that are never
 * started, and a timer is cancelled by nothing but the end of its instance.
 */
import type { HistoryEvent, HistoryEventOf } from "perdure";
import { completionFaults, decisionFaults, repeatedMessages } from "../history-faults";
import { HubContent } from "./hub-content";
import type { StoredInstance, StoredLetter } from "./hub-content";
import { indexed, keys, partitionOf } from "./internals";
import type { HubFile } from "./internals";

type Started = HistoryEventOf<"ExecutionStarted">;
type Opened =
  | HistoryEventOf<"TaskScheduled">
  | HistoryEventOf<"TimerCreated">
  | HistoryEventOf<"SubOrchestrationInstanceCreated">;

const TERMINAL: readonly string[] = ["Completed", "Failed", "Terminated"];

export interface Findings {
  readonly faults: readonly string[];
  readonly instances: number;
  /** Messages, timers and activities under way. */
  readonly waiting: number;
  readonly epochs: number;
}

/** Looks at a hub again and again; what has ended and not changed since is not read anew. */
export class Invariants {
  readonly #ended = new Map<string, string>();

  constructor(private readonly file: HubFile) {}

  /** @param anew Read also what had ended before. */
  check(anew = false): Findings {
    if (anew) this.#ended.clear();
    const content = new HubContent(this.file);
    const look = new Look(content);
    for (const instance of content.instances.values()) {
      look.atPlaces(instance);
      if (this.#ended.get(instance.instanceId) === instance.text) continue;
      look.atInstance(instance);
      if (look.hasEnded(instance.instanceId)) this.#ended.set(instance.instanceId, instance.text);
    }
    look.atRest();
    look.atMessages();
    const { instances, waiting, epochs } = content;
    return { faults: [...content.faults, ...look.faults], instances: instances.size, waiting, epochs };
  }

  /** What is left when everything has ended and nothing is under way: only instances. */
  restFaults(): readonly string[] {
    const { letters, activities, anchors, noteNumbers, dead } = new HubContent(this.file);
    const left = { letters, activities, anchors: [...anchors], notes: noteNumbers, dead };
    return Object.entries(left).flatMap(([what, rows]) =>
      rows.length === 0 ? [] : [`${rows.length} ${what} are left, ${JSON.stringify(rows[0])} first.`],
    );
  }

  /** What is left when all instances have been purged: nothing. */
  purgedFaults(): readonly string[] {
    const { instances, turns, indexes } = new HubContent(this.file);
    const left = {
      instances: [...instances.keys()],
      histories: [...turns.keys()],
      "rows of indexes": [...indexes],
    };
    return Object.entries(left).flatMap(([what, rows]) =>
      rows.length === 0 ? [] : [`${rows.length} ${what} are left after a purge of all, ${rows[0]} first.`],
    );
  }
}

class Look {
  readonly faults: string[] = [];
  readonly #letters = new Map<string, StoredLetter[]>();
  /** How often activities are on the queue, by id. */
  readonly #queued = new Map<string, number>();

  constructor(private readonly content: HubContent) {
    for (const letter of content.letters) {
      const letters = this.#letters.get(letter.instanceId);
      if (letters) letters.push(letter);
      else this.#letters.set(letter.instanceId, [letter]);
    }
    for (const { id } of content.activities) this.#queued.set(id, (this.#queued.get(id) ?? 0) + 1);
  }

  hasEnded(instanceId: string): boolean {
    const row = this.content.instances.get(instanceId)?.row;
    return row !== undefined && !row.pending && TERMINAL.includes(row.state?.status ?? "");
  }

  /** The rows that belong to an instance are there, and no others. */
  atPlaces({ instanceId, text, row }: StoredInstance): void {
    const { commits, turns, state, pending } = row;
    if (!Number.isInteger(commits) || commits < 1) this.fault(instanceId, `it has ${commits} commits`);
    if (!state && !pending) {
      this.fault(instanceId, "it has neither a state nor a start");
      return;
    }
    const { name, status, createdAt } = indexed(row);
    if (!text.startsWith(`${commits} ${status} {`))
      this.fault(instanceId, `its row begins '${text.slice(0, 30)}'`);
    for (const key of [
      keys.byStatus(status, createdAt, instanceId),
      keys.byName(name, createdAt, instanceId),
    ]) {
      if (!this.content.indexes.has(JSON.stringify(key)))
        this.fault(instanceId, `the index lacks ${JSON.stringify(key)}`);
    }
    const stored = this.content.turns.get(instanceId) ?? [];
    if (stored.length !== turns || stored.some((turn, i) => turn !== i))
      this.fault(instanceId, `it has ${turns} turns, its history rows ${stored.join(", ")}`);
    if (!state && turns > 0) this.fault(instanceId, "it has a history and no state");
  }

  /** What is known of an instance agrees with its history, and what it waits for is on its way. */
  atInstance({ instanceId, row }: StoredInstance): void {
    const { state, pending } = row;
    if (pending) this.atPending(instanceId, pending.number, pending.message.id);
    if (!state) return;
    const history = this.content.history(instanceId);
    const started = history.filter((event): event is Started => event.type === "ExecutionStarted");
    const [start] = started;
    if (!start || started.length > 1) {
      this.fault(instanceId, `its history has ${started.length} starts`);
      return;
    }
    if (start.executionId !== state.executionId || start.name !== state.name)
      this.fault(instanceId, "its history is of another execution or orchestration");
    const input = row.inputInHistory ? start.input : row.input;
    if (!pending && input !== start.input) this.fault(instanceId, "its input is not that of its history");
    for (const fault of [
      ...decisionFaults(history),
      ...completionFaults(history),
      ...repeatedMessages(history),
    ])
      this.fault(instanceId, `its history is wrong: ${fault}`);
    this.atEnd(instanceId, state, history);
    if (!pending && !TERMINAL.includes(state.status))
      this.atOpenTasks(instanceId, state.executionId, history);
    if (!pending) this.atSent(instanceId, state.executionId, history);
  }

  /** What belongs to no instance. */
  atRest(): void {
    const { content } = this;
    const count = 2 * content.instances.size;
    if (content.indexes.size !== count)
      this.faults.push(`The indexes have ${content.indexes.size} rows, not ${count}.`);
    for (const instanceId of content.turns.keys())
      if (!content.instances.has(instanceId)) this.fault(instanceId, "it has a history and no row");
    for (const [instanceId, partition] of content.anchors) {
      this.atPartition(instanceId, partition, "its anchor");
      const row = content.instances.get(instanceId)?.row;
      if (!row?.state || TERMINAL.includes(row.state.status))
        this.fault(instanceId, "it is anchored and does not run");
      else if (![...this.open(instanceId).values()].some(({ type }) => type === "TaskScheduled"))
        this.fault(instanceId, "it is anchored and has no open activity");
    }
    const inboxNumbers = content.letters.flatMap(({ table, at }) => (table === "inbox" ? [at] : []));
    const numbers = [...inboxNumbers, ...content.noteNumbers, ...content.deadNumbers];
    const beyond = numbers.find((number) => number > content.sequence);
    if (beyond !== undefined)
      this.faults.push(`The number ${beyond} is in use; ${content.sequence} is the last given.`);
  }

  /** Every message and activity is for somebody, and for the first time. */
  atMessages(): void {
    for (const letter of this.content.letters) this.atLetter(letter);
    for (const [id, times] of this.#queued)
      if (times > 1) this.faults.push(`Activity '${id}' is ${times} times on the queue.`);
    for (const { id, instanceId, executionId, taskScheduledId } of this.content.activities) {
      const state = this.content.instances.get(instanceId)?.row.state;
      if (!state) this.fault(instanceId, `it is not there, and its activity '${id}' is on the queue`);
      else if (state.executionId === executionId && !this.open(instanceId).has(taskScheduledId))
        this.fault(instanceId, `activity '${id}' is on the queue and its result in the history`);
      if (this.letterWith(instanceId, `${id}/result`))
        this.fault(instanceId, `activity '${id}' is on the queue and its result in the inbox`);
    }
  }

  private atLetter({ table, partition, instanceId, at, timerId, message }: StoredLetter): void {
    this.atPartition(instanceId, partition, "a message for it");
    const row = this.content.instances.get(instanceId)?.row;
    if (!message) {
      if (row?.pending?.number !== at) this.fault(instanceId, `its message ${at} has no content`);
      return;
    }
    const { id, event, visibleAt, executionId } = message;
    if (message.instanceId !== instanceId)
      this.fault(instanceId, `it has the message of '${message.instanceId}'`);
    if (table === "timer") {
      if (timerId !== id || visibleAt !== at)
        this.fault(instanceId, `the timer '${id}' is in the wrong place`);
      if (event.type !== "TimerFired") this.fault(instanceId, `a timer brings ${event.type}`);
    }
    if (!row?.state) {
      const isStarted = (this.#letters.get(instanceId) ?? []).some(
        (other) => other.message?.event.type === "ExecutionStarted",
      );
      if (!row && !isStarted) this.fault(instanceId, `it is not there, nor its start, but message '${id}'`);
      return;
    }
    if (this.content.history(instanceId).some(({ messageId }) => messageId === id))
      this.fault(instanceId, `message '${id}' is in its history and waits to be delivered`);
    if (executionId !== row.state.executionId || TERMINAL.includes(row.state.status)) {
      if (table === "timer") this.fault(instanceId, `the timer '${id}' is for nobody`);
      return;
    }
    const taskId =
      event.type === "TimerFired"
        ? event.timerId
        : "taskScheduledId" in event
          ? event.taskScheduledId
          : undefined;
    if (taskId !== undefined && !this.open(instanceId).has(taskId))
      this.fault(instanceId, `message '${id}' ends a task that is not open`);
  }

  /** Its start waits to be delivered, or nobody could process it. */
  private atPending(instanceId: string, number: number, messageId: string): void {
    const waits = (this.#letters.get(instanceId) ?? []).some(
      ({ table, at, message }) =>
        table === "inbox" && at === number && (!message || message.id === messageId),
    );
    if (!waits && !this.content.dead.some(({ message }) => message.id === messageId))
      this.fault(instanceId, "its start does not wait to be delivered");
  }

  private atEnd(
    instanceId: string,
    state: NonNullable<StoredInstance["row"]["state"]>,
    history: readonly HistoryEvent[],
  ): void {
    const ends = history.filter((event) => event.type === "ExecutionCompleted");
    const [end] = ends;
    if (TERMINAL.includes(state.status) !== (ends.length === 1) || ends.length > 1)
      this.fault(instanceId, `it is ${state.status}, and its history ends ${ends.length} times`);
    if (end && (end.status !== state.status || end.output !== state.output))
      this.fault(instanceId, "its status is not that of its history");
  }

  /** Whatever it waits for will come. */
  private atOpenTasks(instanceId: string, executionId: string, history: readonly HistoryEvent[]): void {
    for (const event of openIn(history).values()) {
      const id = `${executionId}/${event.eventId}`;
      if (event.type === "TaskScheduled") {
        const isHere = this.content.anchors.has(instanceId) || this.#queued.has(id);
        if (!isHere && !this.letterWith(instanceId, `${id}/result`))
          this.fault(
            instanceId,
            `its activity '${id}' is lost: neither queued, nor anchored, nor its result in the inbox`,
          );
      } else if (event.type === "TimerCreated") {
        const timer = this.letterWith(instanceId, id);
        if (!timer) this.fault(instanceId, `its timer '${id}' is lost`);
        else if (timer.table === "timer" && timer.at !== event.fireAt)
          this.fault(instanceId, `its timer '${id}' is moved`);
      } else if (!this.isChildUnderWay(instanceId, id, event))
        this.fault(instanceId, `its child '${event.instanceId}' is lost`);
    }
  }

  private isChildUnderWay(
    parentId: string,
    id: string,
    { instanceId, eventId }: HistoryEventOf<"SubOrchestrationInstanceCreated">,
  ): boolean {
    if (this.letterWith(instanceId, id)) return true;
    const isRunning = this.content.instances.has(instanceId) && !this.hasEnded(instanceId);
    return (
      isRunning ||
      (this.#letters.get(parentId) ?? []).some(
        ({ message }) =>
          message && "taskScheduledId" in message.event && message.event.taskScheduledId === eventId,
      )
    );
  }

  /** The events it sent to others wait there, or have been received. */
  private atSent(instanceId: string, executionId: string, history: readonly HistoryEvent[]): void {
    for (const event of history) {
      if (event.type !== "EventSent") continue;
      const id = `${executionId}/${event.eventId}`;
      const receiver = this.content.instances.get(event.instanceId)?.row.state;
      const isReceived =
        receiver?.recentMessageIds.includes(id) === true ||
        this.content.history(event.instanceId).some(({ messageId }) => messageId === id);
      if (!isReceived && !this.letterWith(event.instanceId, id))
        this.fault(instanceId, `its event '${id}' to '${event.instanceId}' is lost`);
    }
  }

  private atPartition(instanceId: string, partition: number, what: string): void {
    if (partition !== partitionOf(instanceId, this.content.partitionCount))
      this.fault(instanceId, `${what} is in partition ${partition}`);
  }

  private letterWith(instanceId: string, messageId: string): StoredLetter | undefined {
    return this.#letters.get(instanceId)?.find(({ message }) => message?.id === messageId);
  }

  private open(instanceId: string): ReadonlyMap<number, Opened> {
    return openIn(this.content.history(instanceId));
  }

  private fault(instanceId: string, what: string): void {
    this.faults.push(`'${instanceId}': ${what}.`);
  }
}

function openIn(history: readonly HistoryEvent[]): ReadonlyMap<number, Opened> {
  const open = new Map<number, Opened>();
  for (const event of history) {
    if (
      event.type === "TaskScheduled" ||
      event.type === "TimerCreated" ||
      event.type === "SubOrchestrationInstanceCreated"
    )
      open.set(event.eventId, event);
    else if (event.type === "TimerFired") open.delete(event.timerId);
    else if ("taskScheduledId" in event) open.delete(event.taskScheduledId);
  }
  return open;
}
