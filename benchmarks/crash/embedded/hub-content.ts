/** All rows of a hub's file at one moment, parsed; what cannot be parsed is a fault. */
import type { HistoryEvent } from "perdure";
import { historyOf, isState, parseRow, under } from "./internals";
import type { HubFile, InstanceRow, Key, TaskMessage } from "./internals";

export interface StoredInstance {
  readonly instanceId: string;
  readonly text: string;
  readonly row: InstanceRow;
}

/** A message to deliver, now or later. */
export interface StoredLetter {
  readonly table: "inbox" | "timer";
  readonly partition: number;
  /** Of the receiver, by the key of the inbox or by the message. */
  readonly instanceId: string;
  /** Its number in the inbox; for timers the due time. */
  readonly at: number;
  /** Last part of the key of a timer: the id of its message. */
  readonly timerId?: string;
  /** Absent when the instance's own row has it. */
  readonly message: TaskMessage | undefined;
}

/** An activity on the queue. */
interface StoredActivity {
  readonly id: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskScheduledId: number;
}

export class HubContent {
  readonly faults: string[] = [];
  readonly partitionCount: number;
  readonly sequence: number;
  readonly instances = new Map<string, StoredInstance>();
  /** Numbers of the rows of history, by instance. */
  readonly turns = new Map<string, number[]>();
  readonly indexes: ReadonlySet<string>;
  readonly letters: readonly StoredLetter[];
  readonly activities: readonly StoredActivity[];
  readonly anchors: ReadonlyMap<string, number>;
  readonly noteNumbers: readonly number[];
  readonly deadNumbers: readonly number[];
  /** Messages among the dead letters. */
  readonly dead: readonly { readonly message: { readonly id: string; readonly instanceId: string } }[];
  /** How often partitions have changed hands. */
  readonly epochs: number;
  readonly #histories = new Map<string, readonly HistoryEvent[]>();

  /** Reads within one turn of the event loop, which is one transaction. */
  constructor(private readonly file: HubFile) {
    file.refresh();
    this.partitionCount = file.partitionCount;
    this.sequence = Number(file.get(["sequence"]) ?? 0);
    this.parsed("instance", (key, text) => {
      const instanceId = String(key[1]);
      if (isState(key)) this.instances.set(instanceId, { instanceId, text, row: parseRow(text) });
      else {
        const turns = this.turns.get(instanceId);
        if (turns) turns.push(Number(key[2]));
        else this.turns.set(instanceId, [Number(key[2])]);
      }
    });
    this.indexes = new Set(
      [...file.keysIn(under("by-status")), ...file.keysIn(under("by-name"))].map((key) =>
        JSON.stringify(key),
      ),
    );
    this.letters = [
      ...this.parsed("inbox", ([, partition, instanceId, number], text) => ({
        table: "inbox" as const,
        partition: Number(partition),
        instanceId: String(instanceId),
        at: Number(number),
        message: messageIn(text),
      })),
      ...this.parsed("timer", ([, partition, dueAt, timerId], text) => {
        const message = messageIn(text);
        if (!message) throw new Error("a timer without a message");
        const { instanceId } = message;
        const place = { partition: Number(partition), at: Number(dueAt), timerId: String(timerId) };
        return { table: "timer" as const, ...place, instanceId, message };
      }),
    ];
    this.activities = this.parsed(
      "activity",
      (_key, text) => (JSON.parse(text) as [number, StoredActivity])[1],
    );
    this.anchors = new Map(
      file
        .keysIn(under("anchor"))
        .map(([, partition, instanceId]) => [String(instanceId), Number(partition)]),
    );
    this.noteNumbers = this.parsed("note", (key, text) => {
      if (!Array.isArray(JSON.parse(text))) throw new Error("it does not name a row");
      return Number(key[2]);
    });
    this.deadNumbers = file.keysIn(under("dead")).map((key) => Number(key[1]));
    this.dead = this.parsed("dead", (_key, text) => JSON.parse(text) as HubContent["dead"][number]);
    this.epochs = this.parsed("partition", (_key, text) => {
      const { epoch } = JSON.parse(text) as { readonly epoch: number };
      if (!Number.isInteger(epoch)) throw new Error("no epoch");
      return epoch;
    }).reduce((sum, epoch) => sum + epoch, 0);
    this.parsed("process", (_key, text) => JSON.parse(text) as unknown);
  }

  /** Rows that will be dealt with: of messages and activities. */
  get waiting(): number {
    return this.letters.length + this.activities.length + this.anchors.size + this.noteNumbers.length;
  }

  /** To be called within the same turn of the event loop. */
  history(instanceId: string): readonly HistoryEvent[] {
    let history = this.#histories.get(instanceId);
    if (!history) {
      history = this.file.rows(historyOf(instanceId)).flatMap(({ value }) => {
        try {
          return JSON.parse(value) as readonly HistoryEvent[];
        } catch (error) {
          this.faults.push(`A row of the history of '${instanceId}' cannot be read: ${String(error)}.`);
          return [];
        }
      });
      this.#histories.set(instanceId, history);
    }
    return history;
  }

  private parsed<T>(table: string, parse: (key: Key, text: string) => T): T[] {
    return this.file.rows(under(table)).flatMap(({ key, value }) => {
      try {
        return [parse(key, value)];
      } catch (error) {
        this.faults.push(`The row ${JSON.stringify(key)} cannot be read: ${String(error)}.`);
        return [];
      }
    });
  }
}

function messageIn(text: string): TaskMessage | undefined {
  return (JSON.parse(text) as [number, number, number, TaskMessage | null])[3] ?? undefined;
}
