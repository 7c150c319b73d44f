/**
 * External events of one execution: for each name (case-insensitive) the waits that want one and the events nobody
 * has taken.
 *
 * - M1 Once the past is told, a name never has both an open wait and an untaken event.
 * - M2 Oldest wait first, oldest event first.
 * - M3 A wait is open only while it is observed; withdrawn, it keeps its age for when it is observed again.
 */
import { decode } from "../codec";
import type { HistoryEventOf } from "../history/events";
import type { Past } from "../tasks/past";
import { CompletableTask } from "../tasks/task";

type RaisedEvent = HistoryEventOf<"EventRaised">;

interface Untaken {
  readonly event: RaisedEvent;
  readonly order: number;
}

export class EventMailbox {
  #age = 0;
  readonly #open = new Map<string, EventWait[]>();
  readonly #untaken = new Map<string, Untaken[]>();

  wait(name: string): EventWait {
    return new EventWait(this, name.toLowerCase(), this.#age++);
  }

  deliver(event: RaisedEvent, order: number): void {
    const name = event.name.toLowerCase();
    listIn(this.#untaken, name).push({ event, order });
    this.match(name);
  }

  open(wait: EventWait, past: Past): void {
    const open = listIn(this.#open, wait.eventName);
    const younger = open.findIndex((other) => other.age > wait.age);
    open.splice(younger < 0 ? open.length : younger, 0, wait);
    const untaken = this.#untaken.get(wait.eventName)?.[open.length - 1]; // one for each open wait
    if (untaken) past.add(untaken.order, () => this.match(wait.eventName));
  }

  withdraw(wait: EventWait): void {
    const open = this.#open.get(wait.eventName);
    const index = open?.indexOf(wait) ?? -1;
    if (index >= 0) open?.splice(index, 1);
  }

  /** Every event nobody has taken, in order of arrival. */
  untaken(): readonly RaisedEvent[] {
    return [...this.#untaken.values()]
      .flat()
      .sort((a, b) => a.order - b.order)
      .map(({ event }) => event);
  }

  /** Gives the oldest event to the oldest wait, if there are both. */
  private match(name: string): void {
    const open = this.#open.get(name) ?? [];
    const untaken = this.#untaken.get(name) ?? [];
    if (open.length === 0 || untaken.length === 0) return;
    const taken = untaken.shift();
    if (taken) open.shift()?.complete(decode(taken.event.input), taken.order);
  }
}

class EventWait extends CompletableTask<unknown> {
  constructor(
    private readonly mailbox: EventMailbox,
    readonly eventName: string,
    readonly age: number,
  ) {
    super();
  }

  protected override onObserved(past: Past): void {
    this.mailbox.open(this, past);
  }

  protected override onUnobserved(): void {
    this.mailbox.withdraw(this);
  }
}

function listIn<T>(map: Map<string, T[]>, key: string): T[] {
  let list = map.get(key);
  if (!list) map.set(key, (list = []));
  return list;
}
