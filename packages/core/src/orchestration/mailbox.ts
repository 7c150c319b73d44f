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
import type { AwaitedEvent } from "../instance";
import type { Past } from "../tasks/past";
import { CompletableTask } from "../tasks/task";

type RaisedEvent = HistoryEventOf<"EventRaised">;

/** How many names an instance's state tells of at most: it is small. */
const MOST_TOLD = 16;

interface Untaken {
  readonly event: RaisedEvent;
  readonly order: number;
}

export class EventMailbox {
  #age = 0;
  readonly #open = new Map<string, EventWait[]>();
  #openCount = 0;
  readonly #untaken = new Map<string, Untaken[]>();

  /** @param since Milliseconds since the epoch. */
  wait(name: string, since: number): EventWait {
    return new EventWait(this, name, this.#age++, since);
  }

  /** The names that are waited for, each with its oldest wait, oldest first; `undefined` when there is none. */
  awaited(): readonly AwaitedEvent[] | undefined {
    if (this.#openCount === 0) return undefined;
    const oldest: EventWait[] = [];
    for (const [name, waits] of this.#open) {
      const wait = waits[0];
      // An empty list is not looked at again for nothing.
      if (!wait) this.#open.delete(name);
      else if (oldest.length < MOST_TOLD) insertByAge(oldest, wait);
      else if (wait.age < (oldest.at(-1)?.age ?? 0)) {
        oldest.pop();
        insertByAge(oldest, wait);
      }
    }
    return oldest.map(({ givenName: name, since }) => ({ name, since }));
  }

  deliver(event: RaisedEvent, order: number): void {
    const name = event.name.toLowerCase();
    listIn(this.#untaken, name).push({ event, order });
    this.match(name);
  }

  open(wait: EventWait, past: Past): void {
    const open = listIn(this.#open, wait.eventName);
    insertByAge(open, wait);
    this.#openCount++;
    const untaken = this.#untaken.get(wait.eventName)?.[open.length - 1]; // one for each open wait
    if (untaken) past.add(untaken.order, () => this.match(wait.eventName));
  }

  withdraw(wait: EventWait): void {
    const open = this.#open.get(wait.eventName);
    const index = open?.indexOf(wait) ?? -1;
    if (index < 0) return;
    open?.splice(index, 1);
    this.#openCount--;
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
    const wait = open.shift();
    if (!taken || !wait) return;
    this.#openCount--;
    wait.complete(decode(taken.event.input), taken.order);
  }
}

class EventWait extends CompletableTask<unknown> {
  readonly eventName: string;

  constructor(
    private readonly mailbox: EventMailbox,
    readonly givenName: string,
    readonly age: number,
    readonly since: number,
  ) {
    super();
    this.eventName = givenName.toLowerCase();
  }

  protected override onObserved(past: Past): void {
    this.mailbox.open(this, past);
  }

  protected override onUnobserved(): void {
    this.mailbox.withdraw(this);
  }
}

function insertByAge(waits: EventWait[], wait: EventWait): void {
  let index = waits.length;
  while (index > 0 && (waits[index - 1]?.age ?? 0) > wait.age) index--;
  if (index === waits.length) waits.push(wait);
  else waits.splice(index, 0, wait);
}

function listIn<T>(map: Map<string, T[]>, key: string): T[] {
  let list = map.get(key);
  if (!list) map.set(key, (list = []));
  return list;
}
